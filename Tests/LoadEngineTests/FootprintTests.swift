import Bench
import FoundationEssentials
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
  }
}
