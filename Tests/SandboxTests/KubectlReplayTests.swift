import Testing

@testable import Sandbox

@Suite("Replayed requests of kubectl")
struct KubectlReplayTests {
  // Verbs build on one another, so a version is replayed once for all of them.
  private static let replays = [String: Task<[String: KubectlReplay.Outcome], any Error>](
    uniqueKeysWithValues: KubectlRecording.versions.map { version in
      (version, Task { try await KubectlReplay.run(KubectlRecording(version: version)) })
    })

  private static let verbs = [
    "01-apply-create", "02-rollout-status", "03-get", "04-get-json", "05-set-image", "06-rollout-status",
    "07-rollout-history", "08-rollout-undo", "09-rollout-status-watch-false", "10-rollout-status",
    "11-undo-to-revision", "12-rollout-status", "13-patch-strategic", "14-patch-json", "15-patch-merge", "16-scale",
    "17-rollout-restart", "18-rollout-pause", "19-rollout-resume", "20-rollout-status", "21-history-revision",
    "22-apply-update", "23-apply-server-side", "24-diff", "25-annotate", "26-wait", "27-set-image-missing",
    "28-get-missing",
  ]

  @Test("each is answered with the recorded status and shape", arguments: KubectlRecording.versions, verbs)
  func verb(version: String, name: String) async throws {
    let outcomes = try await #require(Self.replays[version]).value
    check(try #require(outcomes[name]))
  }

  @Test("so are single requests of kinds that kubectl did not send")
  func answers() async throws {
    let recording = try KubectlRecording(version: "answers")
    let outcomes = try await KubectlReplay.run(recording)
    #expect(outcomes.count == 13)
    for outcome in outcomes.values { check(outcome) }
  }

  private func check(_ outcome: KubectlReplay.Outcome) {
    for (request, answer) in outcome {
      for difference in ReplayDifference.all(request, answer) where !difference.isAllowed {
        Issue.record("\(difference)")
      }
    }
  }

  @Test("every recorded verb is replayed", arguments: ["1.20": 119, "1.32": 120, "1.37": 109])
  func complete(version: String, requests: Int) throws {
    let recording = try KubectlRecording(version: version)
    #expect(recording.verbs.map(\.name) == Self.verbs)
    #expect(recording.verbs.reduce(0) { $0 + $1.requests.count } == requests)
  }

  @Test(
    "a shape tells what is absent, added or of another type",
    arguments: [
      (#"{"a": 1, "b": {"c": "x"}}"#, #"{"a": 2, "b": {"c": ""}}"#, []),
      (#"{"a": 1, "b": {"c": "x"}}"#, #"{"a": 1}"#, ["-b"]),
      (#"{"a": 1}"#, #"{"a": 1, "b": {"c": "x"}}"#, ["+b"]),
      (#"{"a": {"b": 1}}"#, #"{"a": {"b": "1"}}"#, ["~a.b: string, not number"]),
      (#"{"a": {"b": 1}}"#, #"{"a": []}"#, [#"~a: [], not {"b":"number"}"#]),
      (#"{"a": [{"b": 1}, {"c": true}]}"#, #"{"a": [{"b": 1, "c": true}]}"#, []),
      (#"{"a": [{"b": 1}]}"#, #"{"a": [{"c": 1}]}"#, ["+a[].c", "-a[].b"]),
      (#"{"a": [1, "x"]}"#, #"{"a": ["x", 1, 2]}"#, []),
      (#"{"a": [1]}"#, #"{"a": []}"#, ["-a[]"]),
      (#"{"a": []}"#, #"{"a": [1]}"#, []),
      (#"{"kind": "Pod"}"#, #"{"kind": "Service"}"#, ["~kind: =Service, not =Pod"]),
      (#"{"fieldsV1": {"f:a": {}}}"#, #"{"fieldsV1": {"f:b": {}}}"#, []),
    ])
  func differences(recorded: String, answer: String, expected: [String]) throws {
    let (recorded, answer) = (AnswerShape(of: try JSON(parsing: recorded)), AnswerShape(of: try JSON(parsing: answer)))
    #expect(recorded.differences(from: answer, allowingMore: false) == expected)
    #expect(recorded.differences(from: answer, allowingMore: true) == expected.filter { !$0.hasPrefix("+") })
  }
}
