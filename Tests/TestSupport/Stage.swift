import FoundationEssentials
import Glibc
import Synchronization

/// The programs and files of one test: a folder of its own, and processes that end with it.
package final class Stage: Sendable {
  /// A folder of this test alone, which unprivileged servers can enter.
  package let folder: String
  private let processes = Mutex<[(process: ServerProcess, endSignal: Int32)]>([])

  fileprivate init() throws {
    var template = Array("/tmp/votebench-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw StageError("cannot make a folder in /tmp") }
    folder = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    chmod(folder, 0o755)
  }

  /// Starts a program that is ended at the end of the test, by `endSignal`, if it still runs then.
  package func start(
    _ path: String, _ arguments: [String], environment: [String: String] = ["PATH": "/usr/bin:/bin"], name: String,
    endSignal: Int32 = SIGKILL
  ) throws -> ServerProcess {
    let process = try ServerProcess(
      path, arguments, environment: environment, log: "\(folder)/\(name).log")
    processes.withLock { $0.append((process, endSignal)) }
    return process
  }

  /// What a program has written to its log so far.
  package func log(of name: String) -> String {
    (try? String(contentsOfFile: "\(folder)/\(name).log", encoding: .utf8)) ?? ""
  }

  fileprivate func end(showing problem: (any Error)?) async {
    let all = processes.withLock { $0 }
    for (process, endSignal) in all.reversed() { process.signal(endSignal) }
    for (process, _) in all where (try? await process.wait(within: .seconds(5))) == nil { process.signal(SIGKILL) }
    if let problem {
      let logs = Set(all.map(\.process.log)).sorted().map {
        "\($0):\n\((try? String(contentsOfFile: $0, encoding: .utf8)) ?? "")"
      }
      print("\(problem)\n" + logs.joined(separator: "\n"))
    }
    try? FileManager.default.removeItem(atPath: folder)
  }
}

/// How many tests run programs at the same time.
///
/// All of them at once would be late for every limit that they wait with. `VOTEBENCH_TURNS` of them; 4 without it.
private actor Turns {
  private var free = ProcessInfo.processInfo.environment["VOTEBENCH_TURNS"].flatMap { Int($0) } ?? 4
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func take() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func giveBack() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}

private let turns = Turns()

/// Runs a test with a stage of its own, when it is its turn; afterwards, whatever happened, its processes are dead and
/// its folder is gone.
package func withStage(_ body: (Stage) async throws -> Void) async throws {
  let stage = try Stage()
  await turns.take()
  do {
    try await body(stage)
  } catch {
    await stage.end(showing: error)
    await turns.giveBack()
    throw error
  }
  await stage.end(showing: nil)
  await turns.giveBack()
}
