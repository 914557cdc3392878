import Bench
import FoundationEssentials
import Glibc
import LoadEngine
import TestSupport
import Testing

extension LoadEngineTests {
  @Suite("Footprint")
  struct FootprintTests {
    /// In a process of its own: what other tests open meanwhile does not count.
    @Test("engines leave no thread and no descriptor behind")
    func leaks() async {
      await #expect(processExitsWith: .success) {
        try await withStage { stage in
          let nginx = try await Nginx(on: stage)
          _ = try await Recording.voting(.secure(nginx, connections: 8), for: .milliseconds(200))
          func footprint() throws -> [Int] {
            try ["fd", "task"].map { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\($0)").count }
          }
          let before = try footprint()
          for _ in 0..<5 { _ = try await Recording.voting(.secure(nginx, connections: 8), for: .milliseconds(200)) }
          for _ in 0..<5 {
            _ = try await Recording(.plain(port: nginx.port)) { event, _, _ in
              guard case .failed = event else { throw StageError("plain HTTP to a TLS port gave \(event)") }
            }
          }
          // Threads of the runtime's pool may come and go; an engine's are ten, and so are its descriptors.
          try await waitUntil("the engines are gone", within: .seconds(10)) {
            let now = try footprint()
            return now[0] <= before[0] + 1 && now[1] <= before[1] + 3
          }
        }
      }
    }

    @Test("an engine whose events nobody reads any more ends, and closes its connections")
    func cancelled() async throws {
      let behaviour = RawServer.toVotes { _ in .accepted }
      try await RawServer.with(behaviour) { server in
        let reader = Task {
          let engine = LoadEngine(.plain(port: server.port, rate: 200))
          for await event in engine.events {
            if case .connected = event { engine.begin(at: .now) }
          }
        }
        try await waitUntil("votes have come") { server.posts.count >= 20 }
        #expect(server.openConnections == 5)
        reader.cancel()
        try await waitUntil("every connection is closed") { server.openConnections == 0 }
      }
    }

    /// Limits belong to a process.
    @Test("the soft limit of open files is raised to what the connections need")
    func softLimit() async {
      await #expect(processExitsWith: .success) {
        try await withStage { stage in
          let nginx = try await Nginx(on: stage)
          try FootprintTests.limitOpenFiles(soft: 40, hard: 200)
          let recording = try await Recording.voting(.secure(nginx, connections: 48), for: .milliseconds(200))
          try #require(recording.votes.count == 4 && recording.failures.isEmpty)
        }
      }
    }

    @Test("where the hard limit is too low, the error names the number that is needed")
    func hardLimit() async {
      await #expect(processExitsWith: .success) {
        try FootprintTests.limitOpenFiles(soft: 40, hard: 100)
        let recording = try await Recording(.plain(port: 1, connections: 37)) { _, _, _ in }
        let error = try #require(recording.failures.first)
        try #require(recording.events.count == 1 && error.code == .setUp)
        try #require(error.cause.contains("101") && error.remedy.contains("101"))
      }
    }

    private static func limitOpenFiles(soft: UInt, hard: UInt) throws {
      var limit = rlimit(rlim_cur: soft, rlim_max: hard)
      guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
        throw StageError("cannot limit open files")
      }
    }
  }
}
