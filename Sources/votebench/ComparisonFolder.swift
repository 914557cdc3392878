import Bench
import FoundationEssentials
import Glibc
import Kubernetes

/// What a comparison leaves behind: plan.json, rollouts.ndjson, the folder of each run, and what it came to so far.
final class ComparisonFolder {
  private static let (plan, lines, runs) = ("plan.json", "rollouts.ndjson", "runs")

  /// Path of the folder.
  let path: String
  /// What was asked for, and the rollouts that were made.
  private(set) var log: ComparisonLog
  /// What the comparison itself is about to change in the cluster.
  var journal: Journal { Journal(folder: path) }
  private let file: AppendedFile
  private let isNew: Bool

  /// Makes `out`, or a new folder below Reports/runs.
  static func make(_ request: ComparisonRequest, out: String?) throws(RunFailure) -> ComparisonFolder {
    if let out { try refuse(full: out) }
    let path = try RunFolder.make(out, name: "compare")
    let log = ComparisonLog(request, startedAt: Date.now.formatted(.iso8601))
    do {
      try FileManager.default.createDirectory(atPath: "\(path)/\(runs)", withIntermediateDirectories: true)
      try RunFolder.write(try log.plan(version: Votebench.version), to: "\(path)/\(plan)", isPrivate: true)
    } catch {
      throw unwritable(path, error)
    }
    return try ComparisonFolder(path, log, isNew: true)
  }

  /// Refuses a folder that has anything in it: a comparison that is not begun takes its own files away again.
  private static func refuse(full out: String) throws(RunFailure) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
    if names.isEmpty { return }
    let what =
      names.contains(plan) ? "holds a comparison already: go on with it by --resume, or give" : "is not empty: give"
    throw RunFailure("\(out) \(what) another folder with --out.", status: ExitStatus.usage)
  }

  /// Opens a comparison that was stopped: a path, or its name below Reports/runs.
  static func open(_ name: String) throws(RunFailure) -> ComparisonFolder {
    let path = try RunFolder.find(name)
    guard let plan = try? Data(contentsOf: URL(filePath: "\(path)/\(plan)")) else {
      throw RunFailure("\(path) is no comparison's: it has no \(plan).", status: ExitStatus.usage)
    }
    let lines = (try? Data(contentsOf: URL(filePath: "\(path)/\(lines)"))) ?? Data()
    let log: ComparisonLog
    do throws(ComparisonLog.Unreadable) {
      log = try ComparisonLog(plan: Array(plan), lines: Array(lines))
    } catch {
      throw RunFailure("\(path): \(error).", status: ExitStatus.usage)
    }
    return try ComparisonFolder(path, log)
  }

  private init(_ path: String, _ log: ComparisonLog, isNew: Bool = false) throws(RunFailure) {
    (self.path, self.log, self.isNew) = (path, log, isNew)
    file = AppendedFile(path: "\(path)/\(Self.lines)")
    file.begin(keeping: true)
    file.cut(to: log.wholeBytes)
    if let problem = file.problem { throw Self.unwritable(path, problem) }
  }

  /// The folder of a rollout's run, within this one.
  func run(_ rollout: ComparisonPlan.Rollout) -> String {
    let number = "\(rollout.number)"
    return "\(Self.runs)/" + String(repeating: "0", count: max(0, 3 - number.count)) + number
  }

  /// Takes away what is left of a run that did not reach its end.
  func discard(_ run: String) { try? FileManager.default.removeItem(atPath: "\(path)/\(run)") }

  /// Takes away a comparison that was not begun; true when there is nothing left to go on with.
  func discardUnlessBegun() -> Bool {
    guard isNew, log.rollouts.isEmpty, !journals.contains(where: { Journal(folder: $0).hasOpen }) else { return false }
    for name in [Self.plan, Self.lines, Self.runs, "journal.ndjson"] { discard(name) }
    rmdir(path)
    return true
  }

  /// The folders of all journals, of its runs before its own: each may have something to put back.
  var journals: [String] { Self.journals(of: path) }

  /// Where a comparison's runs have their folders.
  static func runs(of path: String) -> String { "\(path)/\(runs)" }

  /// The comparisons below a folder.
  static func all(below folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { "\(folder)/\($0)" }.filter { FileManager.default.fileExists(atPath: "\($0)/\(plan)") }
  }

  /// The same of any folder: that of a run has one journal, its own.
  static func journals(of path: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: runs(of: path))) ?? []
    return (names.sorted().map { "\(runs(of: path))/\($0)" } + [path]).filter { Journal(folder: $0).exists }
  }

  /// Adds a rollout that was made, and tells what the comparison comes to with it.
  func add(_ figures: RolloutFigures) throws(RunFailure) {
    do {
      file.write(Array(try log.add(figures).utf8))
      if let problem = file.problem { throw RunFailure(problem) }
    } catch {
      throw Self.unwritable(path, error)
    }
    try write()
  }

  /// Writes what the comparison comes to so far.
  func write() throws(RunFailure) {
    do {
      for (name, text) in try files() { try RunFolder.write(text, to: "\(path)/\(name)") }
    } catch {
      throw Self.unwritable(path, error)
    }
  }

  private func files() throws -> [(name: String, text: String)] {
    let (comparison, version) = (log.comparison, Votebench.version)
    return [
      ("comparison.html", ComparisonPage(comparison, startedAt: log.startedAt, version: version).text),
      ("comparison.json", try ComparisonDocument(comparison, startedAt: log.startedAt, version: version).json()),
      ("comparison.md", ComparisonMarkdown(comparison).text), ("comparison.csv", ComparisonRows.csv(comparison)),
    ]
  }

  private static func unwritable(_ path: String, _ cause: Any) -> RunFailure {
    RunFailure("writing to \(path): \(cause). Check that there is space and that you may write there, or use --out.")
  }
}
