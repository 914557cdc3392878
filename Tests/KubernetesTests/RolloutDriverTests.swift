import Bench
import FoundationEssentials
import Glibc
import Kubernetes
import Testing

/// How commands are run, with scripts in the place of kubectl: what matters is when they run, not what they do.
@Suite("Rollout driver and kubectl")
struct RolloutDriverTests {
  /// A folder with a `kubectl` that answers `get` and logs each change; gone with the test.
  private final class Script: Sendable {
    let folder: String
    var path: String { folder + "/kubectl" }
    var log: String { (try? String(contentsOf: URL(filePath: folder + "/log"), encoding: .utf8)) ?? "" }

    init(_ body: String) throws {
      var template = Array("/tmp/votebench-kubectl-XXXXXX".utf8CString)
      folder = try #require(mkdtemp(&template).map { String(cString: $0) })
      try Data("#!/bin/sh\nexec 2>&1\ncd \(folder)\n\(body)\n".utf8).write(to: URL(filePath: path))
      chmod(path, 0o755)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func waitFor(_ text: String) async throws {
      let deadline = ContinuousClock.now + .seconds(20)
      while !log.contains(text) {
        try #require(ContinuousClock.now < deadline, "waiting for '\(text)'")
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  private static let deployment = """
    {"metadata":{"name":"d","uid":"d","generation":1},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"d"}},\
    "template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}}
    """
  private static let pods = #"{"metadata":{"resourceVersion":"1"},"items":[]}"#

  private func perform(_ script: Script) -> Task<Result<RolloutRecord, KubectlError>, Never> {
    let driver = RolloutDriver(
      kubectl: Kubectl(executable: script.path, namespace: "n"), deployment: "d", limit: .seconds(30),
      now: { MonotonicTime(nanoseconds: 0) })
    return Task {
      do throws(KubectlError) {
        return .success(try await driver.perform(.setImage(container: "c", image: "j")))
      } catch {
        return .failure(error)
      }
    }
  }

  @Test("a change that is given up before it is made is not made")
  func givenUpEarly() async throws {
    let script = try Script(
      """
      case "$*" in
      *"set image"*) echo changed >> log;;
      *deployment*) echo asked >> log; until [ -e go ]; do sleep 0.02; done; echo '\(Self.deployment)';;
      *) echo '\(Self.pods)';;
      esac
      """)
    let change = perform(script)
    try await script.waitFor("asked")
    change.cancel()
    try Data().write(to: URL(filePath: script.folder + "/go"))
    guard case .failure(let error) = await change.value else {
      Issue.record("a change that was not made is no rollout")
      return
    }
    #expect(error.code == .abandoned)
    #expect(!script.log.contains("changed"))
  }

  @Test("the command that makes the change is not cut off: it is given up afterwards, and recorded as interrupted")
  func notCutOff() async throws {
    let script = try Script(
      """
      case "$*" in
      *"set image"*) echo begun >> log; until [ -e go ]; do sleep 0.02; done; echo changed >> log;;
      *watch*) sleep 1;;
      *deployment*) echo '\(Self.deployment)';;
      *) echo '\(Self.pods)';;
      esac
      """)
    let change = perform(script)
    try await script.waitFor("begun")
    change.cancel()
    try Data().write(to: URL(filePath: script.folder + "/go"))
    #expect(try await change.value.get().outcome == .interrupted)
    #expect(script.log.contains("changed"))
  }

  @Test("kubectl runs in a process group of its own: Ctrl-C at the terminal does not reach it")
  func ownGroup() async throws {
    let script = try Script("ps -o pgid= -p $$")
    let ended = try await Kubectl(executable: script.path, namespace: "n").require([])
    let group = try #require(Int32(ended.output.filter(\.isNumber)))
    #expect(group != getpgrp())
  }
}
