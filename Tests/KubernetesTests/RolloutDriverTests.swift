import Bench
import FoundationEssentials
import Glibc
import Kubernetes
import TestSupport
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
      try Data("#!/bin/sh\ncd \(folder)\n\(body)\n".utf8).write(to: URL(filePath: path))
      chmod(path, 0o755)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func waitFor(_ text: String) async throws {
      let deadline = ContinuousClock.now + .seconds(120)
      while !log.contains(text) {
        try #require(ContinuousClock.now < deadline, "waiting for '\(text)'")
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  private static let deployment = """
    {"kind":"Deployment","metadata":{"name":"d","uid":"d","generation":1,"resourceVersion":"1"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"d"}},\
    "template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}}
    """
  private static let pods = #"{"metadata":{"resourceVersion":"1"},"items":[]}"#

  private func perform(
    _ script: Script, _ command: ChangeCommand = .kubectl(["set", "image", "deployment/d", "c=j"])
  ) -> Task<Result<RolloutRecord, KubectlError>, Never> {
    let driver = RolloutDriver(
      kubectl: Kubectl(executable: script.path, namespace: "n"), workload: Workload(.deployment, "d"),
      limit: .seconds(30), now: { MonotonicTime(nanoseconds: 0) })
    return Task {
      do throws(KubectlError) {
        return .success(try await driver.perform(command, trigger: .image("j"), isRollback: false))
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
      *' get deployment/d '*) echo asked >> log; until [ -e go ]; do sleep 0.02; done; echo '\(Self.deployment)';;
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
      *' get deployment/d '*) echo '\(Self.deployment)';;
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

  @Test("a command of the user's own is run by a shell, and its last line is in the error when it fails")
  func shell() async throws {
    let script = try Script(
      """
      case "$*" in
      *watch=1*) exec sleep 5;;
      *' get deployment/d '*) echo '\(Self.deployment)';;
      *) echo '\(Self.pods)';;
      esac
      """)
    let line = "echo one; echo \"two $((1 + 1))\"; exit 3"
    guard case .failure(let error) = await perform(script, .shell(line)).value else {
      Issue.record("a command that fails makes no rollout")
      return
    }
    #expect(error.code == .refused)
    #expect(error.attempted == line)
    #expect(error.cause == "exit 3: two 2")
  }

  @Test("a command of the user's own that takes longer than its limit is ended with all that it started")
  func shellTooLong() async throws {
    let folder = try Script("")
    let kubectl = Kubectl(executable: folder.path, namespace: "n")
    do throws(KubectlError) {
      _ = try await kubectl.shell("sleep 30 & echo $! > \(folder.folder)/log; wait", limit: .milliseconds(500))
      Issue.record("it does not end by itself")
    } catch {
      #expect(error.code == .noAnswer)
    }
    let child = try #require(Int32(folder.log.filter(\.isNumber)))
    // One that has ended has no command line, be it that nobody has asked for its end yet.
    try await waitUntil("what it started has ended", within: .seconds(10)) {
      (try? Data(contentsOf: URL(filePath: "/proc/\(child)/cmdline")))?.isEmpty ?? true
    }
  }

  @Test("what may not be watched is said, and the change is followed by the rest; without pods there is no change")
  func unwatched() async throws {
    let script = try Script(
      """
      case "$*" in
      *' set image '*) echo changed >> log;;
      *watch=1*) exec sleep 5;;
      *events*) echo 'Error from server (Forbidden): events is forbidden: User "u" cannot list' >&2; exit 1;;
      *' get deployment/d '*) echo '\(Self.deployment)';;
      */pods*) [ -e blind ] && { echo 'Error from server (Forbidden): pods is forbidden' >&2; exit 1; }; echo '\(Self.pods)';;
      *) echo '\(Self.pods)';;
      esac
      """)
    let change = perform(script)
    try await script.waitFor("changed")
    change.cancel()
    let notes = try await change.value.get().notes
    #expect(notes.map(\.what) == ["unwatched"])
    #expect(notes.first?.text?.contains("events is forbidden") == true)
    try Data().write(to: URL(filePath: script.folder + "/blind"))
    guard case .failure(let error) = await perform(script).value else {
      Issue.record("nobody could follow it")
      return
    }
    #expect(error.code == .forbidden)
    #expect(script.log.split(separator: "\n").count == 1, "nothing was changed")
  }

  @Test("a kubectl that ends before it has read its input is a failed one, and nothing worse")
  func unread() async throws {
    let script = try Script("exit 3")
    let ended = try await Kubectl(executable: script.path, namespace: "n")
      .run([], input: String(repeating: "x", count: 1 << 20))
    #expect(ended.exit == 3)
  }

  @Test("kubectl runs in a process group of its own: Ctrl-C at the terminal does not reach it")
  func ownGroup() async throws {
    let script = try Script("ps -o pgid= -p $$")
    let ended = try await Kubectl(executable: script.path, namespace: "n").require([])
    let group = try #require(Int32(ended.output.filter(\.isNumber)))
    #expect(group != getpgrp())
  }
}
