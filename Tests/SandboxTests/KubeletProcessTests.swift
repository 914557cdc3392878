import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// The name of the program that a process runs.
private func comm(of pid: pid_t) -> String {
  (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) ?? ""
}

@Suite("Processes of the sandbox")
struct KubeletProcessTests {
  private func plan(_ command: [String], _ stage: Stage, _ what: String = "child") -> ChildProcess.Plan {
    ChildProcess.Plan(what, command, log: "\(stage.folder)/\(what).log", account: nil)
  }

  @Test(
    "the way a process ended is known",
    arguments: [("exit 0", ChildProcess.Ending.exited(0)), ("exit 7", .exited(7)), ("kill -9 $$", .signaled(9))])
  func ending(script: String, ending: ChildProcess.Ending) async throws {
    try await withStage { stage in
      let child = try await ChildProcess.start(plan(["/bin/sh", "-c", script], stage), journal: nil)
      #expect(await child.ending == ending)
    }
  }

  @Test("a process starts with the environment that was given, no open files and no blocked signals")
  func cleanStart() async throws {
    try await withStage { stage in
      var plan = plan(["/bin/sh", "-c", "env; ls /proc/$$/fd; exec grep SigBlk /proc/self/status"], stage)
      plan.environment = ["PATH": "/usr/bin:/bin", "MARK": "1"]
      try await ChildProcess.run(plan, journal: nil)
      let lines = stage.log(of: "child").split(separator: "\n").map { $0.replacing("\t", with: " ") }
      #expect(lines.contains("MARK=1"))
      #expect(!lines.contains { $0.hasPrefix("HOME=") })
      #expect(lines.compactMap { Int($0) }.allSatisfy { $0 <= 2 || $0 == 10 }, "\(lines)")
      #expect(lines.contains("SigBlk: 0000000000000000"))
    }
  }

  @Test("a process dies with the thread that started it, however that ends")
  func diesWithItsThread() async throws {
    try await withStage { stage in
      let spawn = ProcessSpawn(plan(["/bin/sleep", "60"], stage))
      // The thread ends once the process runs, as all threads do when their process is killed.
      let pid = try await DedicatedThread.value { () -> pid_t in
        let pid = (try? spawn.start()) ?? 0
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline, !comm(of: pid).contains("sleep") { usleep(1_000) }
        return pid
      }
      try #require(pid > 0)
      try await waitUntil("the process is dead", within: .seconds(5)) { ProcessIdentity(pid: pid) == nil }
      var status: Int32 = 0
      #expect(waitpid(pid, &status, 0) == pid)
    }
  }

  @Test("a process that ignores SIGTERM is killed after the limit")
  func stubborn() async throws {
    try await withStage { stage in
      let child = try await ChildProcess.start(
        plan(["/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"], stage), journal: nil)
      try await waitUntil("it runs") { stage.log(of: "child").contains("up") }
      await child.stop(within: .milliseconds(300))
      #expect(await child.ending == .signaled(SIGKILL))
    }
  }

  @Test("what a killed process leaves of its own children goes with it")
  func group() async throws {
    try await withStage { stage in
      let child = try await ChildProcess.start(
        plan(["/bin/sh", "-c", "sleep 60 & echo $!; wait"], stage), journal: nil)
      try await waitUntil("it runs") { stage.log(of: "child").contains("\n") }
      let grandchild = try #require(Int32(stage.log(of: "child").prefix { $0 != "\n" }))
      let identity = try #require(ProcessIdentity(pid: grandchild))
      child.send(SIGKILL)
      _ = await child.ending
      try await waitUntil("the grandchild is gone", within: .seconds(5)) { !identity.isAlive }
    }
  }

  @Test("a process that cannot be started is an error")
  func missingProgram() async throws {
    try await withStage { stage in
      let failure = await #expect(throws: SandboxError.self) {
        try await ChildProcess.run(plan(["/nonexistent/program"], stage), journal: nil)
      }
      #expect(failure?.cause.contains("/nonexistent/program") == true)
    }
  }

  @Test("the next start ends what a killed sandbox left, and only that")
  func leftovers() async throws {
    try await withStage { stage in
      let home = SandboxFolder.home(in: stage.folder)
      let folder = try SandboxFolder.create(in: stage.folder, account: nil)
      let alive = try SandboxFolder.create(in: stage.folder, account: nil)
      let left = try await ChildProcess.start(plan(["/bin/sleep", "60"], stage), journal: nil)
      let other = try stage.start("/bin/sleep", ["60"], name: "other")
      let otherIdentity = try #require(ProcessIdentity(pid: other.pid))
      let journal = ProcessJournal(folder: folder.path)
      journal.record(ProcessIdentity(pid: otherIdentity.pid, startTime: otherIdentity.startTime - 1), "the owner")
      journal.record(left.identity, "left")
      // The same pid at another time was another process.
      journal.record(ProcessIdentity(pid: otherIdentity.pid, startTime: otherIdentity.startTime - 1), "long gone")
      ProcessJournal(folder: alive.path).record(try #require(ProcessIdentity.current), "the owner")

      #expect(await SandboxRegistry.cleanLeftovers(in: stage.folder) == [folder.path])
      #expect(await left.ending == .signaled(SIGTERM))
      #expect(other.poll() == nil)
      let names = try FileManager.default.contentsOfDirectory(atPath: home)
      #expect(names.map { "\(home)/\($0)" } == [alive.path])
    }
  }

  @Test("a folder that somebody else could have put there is refused")
  func unsafeFolder() async throws {
    try await withStage { stage in
      try FileManager.default.createSymbolicLink(
        atPath: SandboxFolder.home(in: stage.folder), withDestinationPath: "/tmp")
      let failure = #expect(throws: SandboxError.self) { try SandboxFolder.create(in: stage.folder, account: nil) }
      #expect(failure?.code == .folderUnsafe)
    }
  }

  @Test("an address of a pod that is gone is refused, then silent, then free again")
  func tombstone() async throws {
    let range = try LoopbackRange()
    let address = try #require(range.pods.first)
    func outcome() async -> PlainHTTP.Outcome {
      await PlainHTTP.request("GET", "/", to: .tcp(address, 8_080), within: .milliseconds(700))
    }
    #expect(await outcome() == .refused)
    let tombstone = try #require(Tombstone(address: address, port: 8_080))
    for _ in 0..<3 { #expect(await outcome() == .timedOut) }
    withExtendedLifetime(tombstone) {}
    _ = consume tombstone
    try await waitUntil("the address is free", within: .seconds(5)) { await outcome() == .refused }
  }

  @Test("two sandboxes never share a range of addresses")
  func ranges() throws {
    let ranges = try (0..<8).map { _ in try LoopbackRange() }
    #expect(Set(ranges.map(\.subnet)).count == 8)
    #expect(ranges.allSatisfy { $0.subnet.hasPrefix("127.") })
  }

  @Test("addresses come round in turn")
  func addresses() {
    var addresses = PodAddresses(["a", "b"])
    #expect(addresses.take() == "a")
    addresses.giveBack("a")
    #expect(addresses.take() == "b")
    #expect(addresses.take() == "a")
    #expect(addresses.take() == nil)
  }
}
