import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Sandbox

@Suite("The life of a sandbox", .serialized)
struct LifecycleTests {
  @Test("a sandbox takes votes, counts them, and leaves nothing")
  func wholeLife() async throws {
    var processes: [ProcessIdentity] = []
    try await SandboxUnderTest.run { sandbox in
      for (choice, voter) in [("a", "t-1"), ("b", "t-2"), ("b", "t-3")] {
        #expect(try await sandbox.vote(choice, by: voter) == 200)
      }
      try await waitUntil("the tally shows them") {
        try await sandbox.request("/result").body == #"{"a":1,"b":2,"total":3}"#
      }
      #expect(try await sandbox.export("t-") == ["t-1 a", "t-2 b", "t-3 b"])
      #expect(try await sandbox.request("/elsewhere").status == 404)
      let names = try await sandbox.kubectl("get", "pods", "-o", "name").split(separator: "\n")
      #expect(names.count == 9)
      #expect(SandboxRegistry.sandboxes(in: sandbox.stage.folder).map(\.info) == [sandbox.info])
      processes = ProcessJournal(folder: sandbox.info.folder).processes().dropFirst().filter(\.isAlive)
      #expect(processes.count >= 11, "two nginx and nine pods")
    }
    #expect(processes.allSatisfy { !$0.isAlive })
  }

  @Test("everything listens on loopback only")
  func loopbackOnly() async throws {
    try await SandboxUnderTest.run { sandbox in
      let own = Set(ProcessJournal(folder: sandbox.info.folder).processes().map(\.pid))
      let listeners = try await listening(sandbox.stage).filter { !own.isDisjoint(with: $0.pids) }
      #expect(listeners.count >= 11)
      #expect(listeners.allSatisfy { $0.address.hasPrefix("127.") }, "\(listeners)")
    }
  }

  private func listening(_ stage: Stage) async throws -> [(address: String, pids: Set<Int32>)] {
    _ = try await stage.start(Executables.system("ss"), ["-Hltnp"], name: "ss").wait()
    return stage.log(of: "ss").split(separator: "\n").map { line in
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      let pids = line.split(separator: "pid=").dropFirst().compactMap { Int32($0.prefix(while: \.isNumber)) }
      return (fields.count > 3 ? String(fields[3]) : "", Set(pids))
    }
  }

  @Test("a rollout of the shipped configuration fails no vote")
  func safeRollout() async throws {
    try await SandboxUnderTest.run { sandbox in
      async let statuses = votes(for: .seconds(10), through: sandbox)
      _ = try await sandbox.kubectl("set", "image", "deployment/voting-app", "voting-app=voting-app:v2")
      let status = try await sandbox.kubectl("rollout", "status", "deployment/voting-app", "--timeout=30s")
      #expect(status.contains("successfully rolled out"))
      let all = try await statuses
      #expect(all.count > 50)
      #expect(all.allSatisfy { $0 == 200 }, "\(all)")
      try await waitUntil("only new pods are left", within: .seconds(20)) {
        let images = try await sandbox.kubectl("get", "pods", "-l", "app=voting-app", "-o", "jsonpath={..image}")
        return !images.contains("v1")
      }
    }
  }

  // One vote after the other, each on a new connection.
  private func votes(for time: Duration, through sandbox: SandboxUnderTest) async throws -> [Int] {
    let end = ContinuousClock.now + time
    var statuses: [Int] = []
    while ContinuousClock.now < end { statuses.append(try await sandbox.vote("a", by: "r-\(statuses.count)")) }
    return statuses
  }

  @Test("pods that end abruptly fail votes: first refused, then in silence")
  func abruptEnd() async throws {
    try await SandboxUnderTest.run { sandbox in
      _ = try await sandbox.kubectl("set", "image", "deployment/voting-app", "voting-app=voting-app:abrupt")
      _ = try await sandbox.kubectl("rollout", "status", "deployment/voting-app", "--timeout=30s")
      // The ingress takes over the change before this one first, so that the next has to wait its turn.
      let pods = try await sandbox.kubectl("get", "pods", "-l", "app=voting-app", "-o", "name").split(separator: "\n")
      let old = pods.map(String.init)
      _ = try await sandbox.kubectl(["delete", "--wait=false"] + old)
      var seen: Set<Int> = []
      try await waitUntil("a vote is refused, and one hangs", within: .seconds(20)) {
        let status = try await sandbox.request("/vote", "-m", "1", "-d", "vote=a", "-b", "voter_id=x").status
        seen.insert(status)
        return seen.contains(502) && seen.contains(0) || status == 503
      }
      let events = try await sandbox.kubectl("get", "events")
      #expect(events.contains("FailedPreStopHook"))
      try await waitUntil("new pods vote") { try await sandbox.vote("a", by: "after") == 200 }
    }
  }

  @Test(
    "a server that is killed comes back, and no vote that was accepted is lost",
    arguments: [["redis-server"], ["postgres", "-D"], ["votingd", "worker"], ["nginx", "ingress"]])
  func killedServer(words: [String]) async throws {
    try await SandboxUnderTest.run { sandbox in
      for number in 0..<20 { #expect(try await sandbox.vote("a", by: "k-\(number)") == 200) }
      let victim = try words.count == 1 ? sandbox.process(words[0]) : sandbox.process(words[0], words[1])
      victim.send(SIGKILL)
      try await waitUntil("votes are taken again") { try await sandbox.vote("b", by: "k-after") == 200 }
      try await waitUntil("every vote is counted") {
        try await sandbox.export("k-").filter { $0.hasSuffix(" a") }.count == 20
      }
      try await waitUntil("also the one after") { try await sandbox.export("k-after").count >= 1 }
    }
  }

  @Test("Redis and PostgreSQL are rolled, and no vote that was accepted is lost")
  func rolledServers() async throws {
    try await SandboxUnderTest.run { sandbox in
      for number in 0..<20 { #expect(try await sandbox.vote("a", by: "s-\(number)") == 200) }
      _ = try await sandbox.kubectl("rollout", "restart", "statefulset/db", "deployment/redis")
      for workload in ["statefulset/db", "deployment/redis"] {
        let status = try await sandbox.kubectl("rollout", "status", workload, "--timeout=30s")
        #expect(status.contains("complete") || status.contains("successfully rolled out"))
      }
      try await waitUntil("votes are taken again") { try await sandbox.vote("b", by: "s-after") == 200 }
      try await waitUntil("every vote is counted") {
        let rows = try await sandbox.export("s-")
        return rows.filter { $0.hasSuffix(" a") }.count == 20 && rows.contains("s-after b")
      }
    }
  }

  @Test("a port that is taken is an error that says what to do, and nothing is left")
  func portTaken() async throws {
    try await withStage { stage in
      var configuration = try SandboxUnderTest.configuration(stage)
      configuration.exactPort = true
      let holder = LoopbackSocket.listening(on: "127.0.0.1", port: UInt16(configuration.httpsPort), backlog: 1)
      defer { if let holder { close(holder) } }
      let server = SandboxServer(configuration)
      let failure = await #expect(throws: SandboxError.self) { try await server.start() }
      #expect(failure?.code == .portTaken)
      #expect(failure?.description.contains("\(configuration.httpsPort)") == true)
      await server.stop()
      #expect(!FileManager.default.fileExists(atPath: SandboxFolder.home(in: stage.folder)))
    }
  }

  @Test("a sandbox that is told to end while it starts leaves nothing")
  func endedWhileStarting() async throws {
    try await withStage { stage in
      let server = SandboxServer(try SandboxUnderTest.configuration(stage))
      let start = Task { () -> Void in try? await server.start() }
      try await waitUntil("it has begun") {
        let home = SandboxFolder.home(in: stage.folder)
        return try FileManager.default.contentsOfDirectory(atPath: home).count == 1
      }
      start.cancel()
      await start.value
      await server.stop()
      #expect(!FileManager.default.fileExists(atPath: SandboxFolder.home(in: stage.folder)))
    }
  }

  @Test("a configuration survives its way through a command line")
  func configuration() throws {
    let configuration = SandboxConfiguration(
      httpsPort: 9_443, exactPort: true, votingd: "/opt/vot ingd", manifests: "/m",
      version: "1 \"x\"",
      folderBase: "/tmp", lifeline: false, ingressLag: 0.1)
    #expect(try SandboxConfiguration(argument: configuration.argument) == configuration)
  }
}
