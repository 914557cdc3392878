import Bench
import FoundationEssentials
import Kubernetes

/// What a run leaves behind: a folder with summary.json, the cluster's events, the percentile distributions and
/// the histogram log.
///
/// It is made before the run, so that a folder that cannot be written is known before any load.
struct RunFolder {
  /// Path of the folder.
  let path: String
  /// The histogram log in the folder, written while the run goes on.
  let latencyLog: AppendedFile
  /// Every vote, poll and row, written while the run goes on.
  let ledger: LedgerFile
  /// Where other runs have their folders.
  var neighbourhoods: [String] { Self.neighbourhoods(of: path) }

  /// Where other runs have their folders, seen from a run or a comparison.
  static func neighbourhoods(of path: String) -> [String] {
    let folders = [URL(filePath: path).deletingLastPathComponent(), URL(filePath: Program.projectFile("Reports/runs"))]
    let paths = folders.map { folder in
      let path = folder.standardized.path(percentEncoded: false)
      return path.hasSuffix("/") ? String(path.dropLast()) : path
    }
    return Set(paths).sorted()
  }
  /// What the run is about to change in the cluster.
  var journal: Journal { Journal(folder: path) }
  private let isNew: Bool

  /// Makes `folder`, or a new one below Reports/runs that is named by the UTC time and `name`.
  init(_ folder: String?, name: String, _ profile: RunProfile) throws(RunFailure) {
    do {
      isNew = folder.map { !FileManager.default.fileExists(atPath: $0) } ?? true
      path = try Self.make(folder, name: name)
      try Self.write("", to: path + "/summary.json")
      // What an earlier run left here must not be taken for this one's.
      let phases = Phase.allCases.map { "latency.\($0.rawValue).hgrm" }
      for name in FinishedRun.Format.allCases.map(\.file) + phases + ["votes.ledger", CIReports.qualityFile]
      where FileManager.default.fileExists(atPath: "\(path)/\(name)") {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
      }
      try Self.write(ProfileText(profile, hidesSecrets: false).text, to: path + "/profile.yaml", isPrivate: true)
      latencyLog = AppendedFile(path: path + "/latency.hlog")
      ledger = LedgerFile(path: path + "/votes.ledger", isKept: profile.keepsLedger)
    } catch {
      throw Self.unmade(error)
    }
  }

  private static func unmade(_ error: any Error) -> RunFailure {
    error as? RunFailure
      ?? RunFailure(
        "making a folder for the report: \(error). Check that there is space and that you may write there, or use --out."
      )
  }

  /// Makes `folder` unless it is there, or a new one below Reports/runs that is named by the UTC time and `name`.
  static func make(_ folder: String?, name: String) throws(RunFailure) -> String {
    do {
      guard let folder else { return try makeNew(name) }
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      return folder
    } catch {
      throw unmade(error)
    }
  }

  /// The folder of a run that was: a path, or its name below Reports/runs.
  static func find(_ name: String) throws(RunFailure) -> String {
    for folder in [name, Program.projectFile("Reports/runs/\(name)")] {
      var isFolder: Bool = false
      if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder { return folder }
    }
    throw RunFailure(
      "there is no run '\(name)'. Name its folder, or its name below Reports/runs.", status: ExitStatus.usage)
  }

  /// The ledger in the folder of a run that was.
  static func ledger(of name: String) throws(RunFailure) -> String {
    let path = try find(name) + "/votes.ledger"
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunFailure(
        "\(path) does not exist: the run sent no vote, or was told --no-ledger.", status: ExitStatus.usage)
    }
    return path
  }

  /// Two runs may begin in the same second: the later one gets a number.
  private static func makeNew(_ name: String) throws -> String {
    let runs = Program.projectFile("Reports/runs")
    try FileManager.default.createDirectory(atPath: runs, withIntermediateDirectories: true)
    let time = Date.now.formatted(.iso8601).replacing("-", with: "").replacing(":", with: "").replacing("Z", with: "")
    for number in 1...99 {
      let path = "\(runs)/\(time)-\(name)" + (number > 1 ? "-\(number)" : "")
      if FileManager.default.fileExists(atPath: path) { continue }
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      return path
    }
    throw CocoaError(.fileWriteFileExists)
  }

  /// Writes the report of a run.
  func write(_ run: FinishedRun) throws(RunFailure) {
    try Self.write(run, to: path)
    for (name, problem) in [("latency.hlog", latencyLog.problem), ("votes.ledger", ledger.problem)] {
      guard let problem else { continue }
      throw RunFailure("writing \(path)/\(name): \(problem). Check that there is space and that you may write there.")
    }
  }

  /// A run without a report leaves no folder, unless what it changed in the cluster is not put back.
  func discard() {
    if isNew, !journal.hasOpen { try? FileManager.default.removeItem(atPath: path) }
  }

  /// Writes the files that are made at a run's end; `log` is the histogram log where that is not there yet.
  static func write(_ run: FinishedRun, log: String? = nil, to path: String) throws(RunFailure) {
    do {
      if let log { try write(log, to: path + "/latency.hlog") }
      for (name, text) in try run.files() { try write(text, to: "\(path)/\(name)") }
    } catch {
      throw RunFailure(
        "writing the report to \(path): \(error). Check that there is space and that you may write there.")
    }
  }

  static func write(_ text: String, to path: String, isPrivate: Bool = false) throws {
    guard isPrivate else { return try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) }
    if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    // Never to be read by others, not even for a moment.
    let isMade = FileManager.default.createFile(
      atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    guard isMade else { throw CocoaError(.fileWriteUnknown) }
  }
}
