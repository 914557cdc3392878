import Bench
import FoundationEssentials
import Testing

@testable import Kubernetes

/// Which pods have to be deleted so that a StatefulSet can go back.
@Suite("Stuck pods of a StatefulSet")
struct StuckPodTests {
  private static func pod(
    _ name: String, revision: String, ready: Bool = false, owner: String = "u", marked: Bool = false
  ) throws -> Pod {
    let mark = marked ? #","deletionTimestamp":"2026-01-01T00:00:00Z""# : ""
    let text = """
      {"metadata":{"name":"\(name)","uid":"\(name)","labels":{"controller-revision-hash":"\(revision)"},\
      "ownerReferences":[{"kind":"StatefulSet","name":"w","uid":"\(owner)"}]\(mark)},"spec":{"containers":[]},\
      "status":{"conditions":[{"type":"Ready","status":"\(ready ? "True" : "False")"}]}}
      """
    return try JSONDecoder().decode(Pod.self, from: Data(text.utf8))
  }

  @Test("only pods of a revision that is left, that are not ready and not going, and once the cluster has looked")
  func stuck() throws {
    let pods = try [
      Self.pod("bad", revision: "w-2"), Self.pod("good", revision: "w-2", ready: true),
      Self.pod("going", revision: "w-2", marked: true), Self.pod("starting", revision: "w-1"),
      Self.pod("others", revision: "w-2", owner: "x"),
    ]
    let status: JSONValue = .object([
      "observedGeneration": .int(7), "updateRevision": .string("w-1"), "currentRevision": .string("w-1"),
    ])
    let set = try RestoreFixtures.snapshot(.statefulSet, ["/status": status]).typed
    #expect(set.stuck(pods) == ["bad"])
    let stale = try RestoreFixtures.snapshot(.statefulSet, ["/status": status, "/metadata/generation": .int(8)]).typed
    #expect(stale.stuck(pods).isEmpty)
    #expect(try RestoreFixtures.snapshot(.deployment).typed.stuck(pods).isEmpty)
  }
}
