import FoundationEssentials
import Glibc
import TestSupport

/// The real binary, driven as a user would: its exit status, what it printed, and the summary that it left.
struct Votebench {
  /// What of summary.json the tests look at.
  struct Summary: Decodable {
    struct Votes: Decodable {
      var due: Int
      var sent: Int
      var accepted: Int
      var refused: Int
      var indeterminate: Int
      var dropped: Int
      var resent: Int
    }
    struct Times: Decodable {
      var p50: Double
      var p99: Double
      var max: Double
      var count: Int
    }
    struct Phase: Decodable {
      var name: String
      var durationS: Double
      var votes: Votes
      var responseTimeMs: Times?
      var startLagUs: Times?
    }
    struct Failure: Decodable {
      var kind: String
      var phase: String
      var count: Int
    }
    struct Rollout: Decodable {
      struct Pod: Decodable {
        private struct Key: CodingKey {
          let stringValue: String
          var intValue: Int? { nil }
          init(stringValue: String) { self.stringValue = stringValue }
          init?(intValue: Int) { nil }
        }
        var name: String
        var uid: String
        var old: Bool
        var image: String
        /// Everything else that is a number, by its key: `readyS`, `readyEarliestS`.
        var times: [String: Double] = [:]
        var goneS: Double? { times["goneS"] }
        var readyS: Double? { times["readyS"] }

        init(from decoder: any Decoder) throws {
          let pod = try decoder.container(keyedBy: Key.self)
          name = try pod.decode(String.self, forKey: Key(stringValue: "name"))
          uid = try pod.decode(String.self, forKey: Key(stringValue: "uid"))
          old = try pod.decode(Bool.self, forKey: Key(stringValue: "old"))
          image = try pod.decode(String.self, forKey: Key(stringValue: "image"))
          for key in pod.allKeys { times[key.stringValue] = try? pod.decode(Double.self, forKey: key) }
        }
      }
      struct Gap: Decodable {
        var startS: Double
        var endS: Double
      }
      var trigger: String
      var workload: String
      var isRollback: Bool
      var outcome: String
      var detail: String?
      var startS: Double
      var durationS: Double
      var gaps: [Gap]
      var pods: [Pod]
    }
    struct Consistency: Decodable {
      struct Finding: Decodable {
        var code: String
        var detail: String
      }
      var verdict: String
      var exact: Bool
      var accepted: Int
      var lost: Int
      var lostVoters: [String]
      var duplicated: Int?
      var phantom: Int
      var altered: Int?
      var converged: Bool
      var findings: [Finding]
      var tallySources: [Source]
      var notes: Notes

      struct Source: Decodable {
        var name: String
        var good: Int
        var failed: Int
      }
      struct Notes: Decodable {
        var frozen: [String]
        var silent: [String]
      }
    }
    struct Objective: Decodable {
      var expression: String
      var verdict: String
      var reason: String
      var wouldDecide: String?
      var evidence: String
    }
    struct Generator: Decodable {
      var keepsSchedule: Bool
    }
    struct Aborted: Decodable {
      var expression: String
      var atS: Double
    }
    var schema: String
    var verdict: String
    var exitCode: Int
    var interrupted: Bool
    var phases: [Phase]
    var total: Phase
    var change: Phase
    var errors: [Failure]
    var rollouts: [Rollout]
    var consistency: Consistency
    var objectives: [Objective]
    var generator: Generator
    var aborted: Aborted?
  }

  /// A run that has ended.
  struct Ended {
    var status: Int32
    var output: String
    var summary: Summary?
  }

  /// The release binary that the test runner names, or the one built beside the tests.
  static func path() throws -> String {
    try ProcessInfo.processInfo.environment["VOTEBENCH_BINARY"] ?? Executables.built("votebench")
  }

  /// Short phases: what matters is what happens at their edges.
  static let shortRollout =
    [
      "--rate", "200", "--during-rollout", "--warmup", "2s", "--baseline", "4s", "--settle", "3s", "--recovered", "4s",
    ] + patient
  /// An outage that no standstill of a busy machine hides: for tests of something else.
  static let patient = ["--detect", "w=1s"]

  let stage: Stage
  /// Where sandboxes of this test put their folders.
  let home: String

  init(on stage: Stage) throws {
    self.stage = stage
    home = stage.folder + "/t"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    chmod(home, 0o777)
    try FileManager.default.createSymbolicLink(
      atPath: stage.folder + "/Profiles", withDestinationPath: Executables.projectFile("Profiles"))
  }

  /// Starts votebench with these arguments; `path` replaces PATH, `added` is beside the environment.
  func start(_ arguments: [String], path: String? = nil, added: [String: String] = [:]) throws -> ServerProcess {
    var environment = environment().merging(added) { $1 }
    if let path { environment["PATH"] = path }
    return try stage.start(try Self.path(), arguments, environment: environment, name: "votebench", endSignal: SIGTERM)
  }

  /// The environment that keeps votebench's files within this test, and from the CI system that runs it.
  func environment() -> [String: String] {
    ProcessInfo.processInfo.environment
      .filter { !["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI"].contains($0.key) }
      .merging(["TMPDIR": home, "VOTEBENCH_HOME": stage.folder]) { $1 }
  }

  /// Runs votebench to its end.
  func run(_ arguments: [String], path: String? = nil, within limit: Duration = .seconds(240)) async throws -> Ended {
    let process = try start(arguments, path: path)
    return try await ended(process, within: limit)
  }

  /// Waits for the end of a run, and reads what it left.
  func ended(_ process: ServerProcess, within limit: Duration = .seconds(240)) async throws -> Ended {
    let ending = try await process.wait(within: limit)
    let status: Int32 =
      switch ending {
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    return Ended(status: status, output: stage.log(of: "votebench"), summary: try report.flatMap(Self.summary))
  }

  /// The run's folder, nil before there is one.
  var report: String? {
    let runs = stage.folder + "/Reports/runs"
    return (try? FileManager.default.contentsOfDirectory(atPath: runs).first).map { "\(runs)/\($0)" }
  }

  /// Holds the run's summary and the sample against the published schema, with Debian's python3-jsonschema.
  func validateSummary() async throws {
    let reports = Executables.projectFile("Reports")
    for summary in [report.map { $0 + "/summary.json" } ?? "", reports + "/samples/summary.json"] {
      let check = try stage.start(
        "/usr/bin/python3", ["-m", "jsonschema", "-i", summary, reports + "/summary.schema.json"], name: "schema")
      guard try await check.wait(within: .seconds(30)) == .exited(0) else {
        throw StageError("\(summary) does not satisfy the schema: \(stage.log(of: "schema"))")
      }
    }
  }

  /// The summary in a run's folder, nil when there is none.
  static func summary(in folder: String) throws -> Summary? {
    guard let data = try? Data(contentsOf: URL(filePath: folder + "/summary.json")) else { return nil }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Summary.self, from: data)
  }

  /// Processes whose command line or environment names this test's folder, save votebench's own.
  func processes() -> [Int32] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap(Int32.init).filter { pid in
      guard pid != getpid(), let line = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline")) else {
        return false
      }
      return String(decoding: line, as: UTF8.self).contains(home)
    }
  }

  /// Processes of this test whose command line contains `text`.
  func processes(running text: String) -> [Int32] {
    processes().filter { pid in
      let line = (try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline"))) ?? Data()
      return String(decoding: line, as: UTF8.self).replacing("\0", with: " ").contains(text)
    }
  }

  /// Waits until the rollout has really begun: it was commanded, and a fifth vote frontend runs.
  ///
  /// The count alone would not do: a pod that is just being started can have more than one process.
  func awaitRollout() async throws {
    try await waitUntil("a pod of the new revision runs", within: .seconds(60)) {
      stage.log(of: "votebench").contains(" set image ") && processes(running: "votingd vote").count > 4
    }
  }

  /// What is left below this test's sandbox folder.
  func leftovers() -> [String] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
    return folders.flatMap { name in
      ((try? FileManager.default.contentsOfDirectory(atPath: "\(home)/\(name)")) ?? []).map { "\(name)/\($0)" }
    }
  }
}
