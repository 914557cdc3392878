import Bench
import LoadEngine
import Testing

@Suite("Outcome by evidence")
struct EvidenceTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var situation: String
    var curl: Int
    var status: Int
    /// Bytes written, in hundredths of a complete request.
    var sent: Int
    var marker = false
    var outcome: Outcome

    var testDescription: String { situation }
  }

  static let cases = [
    Case(situation: "DNS failure", curl: 6, status: 0, sent: 0, outcome: .refused),
    Case(situation: "connection refused", curl: 7, status: 0, sent: 0, outcome: .refused),
    Case(situation: "connect timeout", curl: 28, status: 0, sent: 0, outcome: .refused),
    Case(situation: "TLS handshake error", curl: 35, status: 0, sent: 0, outcome: .refused),
    Case(situation: "certificate rejected", curl: 60, status: 0, sent: 0, outcome: .refused),
    Case(situation: "reset before the write", curl: 55, status: 0, sent: 0, outcome: .refused),
    Case(situation: "peer closes without reading", curl: 56, status: 0, sent: 100, outcome: .indeterminate),
    Case(situation: "accept then close", curl: 52, status: 0, sent: 100, outcome: .indeterminate),
    Case(situation: "request read, no answer", curl: 28, status: 0, sent: 100, outcome: .indeterminate),
    Case(situation: "garbage instead of HTTP", curl: 1, status: 0, sent: 100, outcome: .indeterminate),
    Case(situation: "header cut, libcurl says OK", curl: 0, status: 200, sent: 100, outcome: .indeterminate),
    Case(situation: "body cut before the marker", curl: 18, status: 200, sent: 100, outcome: .indeterminate),
    Case(situation: "body cut after the marker", curl: 18, status: 200, sent: 100, marker: true, outcome: .accepted),
    Case(situation: "reset after the marker", curl: 56, status: 200, sent: 100, marker: true, outcome: .accepted),
    Case(situation: "send error part way", curl: 55, status: 0, sent: 40, outcome: .refused),
    Case(situation: "re-send blocked by rewind", curl: 65, status: 0, sent: 100, outcome: .indeterminate),
    Case(situation: "re-send blocked by us", curl: 42, status: 0, sent: 100, outcome: .indeterminate),
    Case(situation: "aborted before anything was sent", curl: 42, status: 0, sent: 0, outcome: .refused),
    Case(situation: "stream error", curl: 92, status: 0, sent: 100, outcome: .indeterminate),
    Case(situation: "2xx with the marker", curl: 0, status: 200, sent: 100, marker: true, outcome: .accepted),
    Case(situation: "201 with the marker", curl: 0, status: 201, sent: 100, marker: true, outcome: .accepted),
    Case(situation: "2xx without the marker", curl: 0, status: 200, sent: 100, outcome: .indeterminate),
    Case(situation: "marker in an error page", curl: 0, status: 500, sent: 100, marker: true, outcome: .indeterminate),
    Case(situation: "redirect", curl: 0, status: 302, sent: 100, outcome: .refused),
    Case(situation: "400", curl: 0, status: 400, sent: 100, outcome: .refused),
    Case(situation: "404", curl: 0, status: 404, sent: 100, outcome: .refused),
    Case(situation: "404 whose answer was cut", curl: 18, status: 404, sent: 100, outcome: .indeterminate),
    Case(situation: "429", curl: 0, status: 429, sent: 100, outcome: .refused),
    Case(situation: "500", curl: 0, status: 500, sent: 100, outcome: .indeterminate),
    Case(situation: "501", curl: 0, status: 501, sent: 100, outcome: .refused),
    Case(situation: "502", curl: 0, status: 502, sent: 100, outcome: .indeterminate),
    Case(situation: "503", curl: 0, status: 503, sent: 100, outcome: .indeterminate),
    Case(situation: "504", curl: 0, status: 504, sent: 100, outcome: .indeterminate),
  ]

  @Test("every situation of the table has its outcome", arguments: cases)
  func table(situation: Case) {
    let evidence = Evidence(
      curl: situation.curl, status: situation.status, requestBytes: situation.sent * 2, completeBytes: 200,
      markerSeen: situation.marker)
    #expect(evidence.outcome == situation.outcome)
    #expect((evidence.cause == .none) == (situation.outcome == .accepted))
  }

  @Test("before the first clean vote nothing is called incomplete")
  func unknownLength() {
    let evidence = Evidence(curl: 55, status: 0, requestBytes: 80, completeBytes: 0, markerSeen: false)
    #expect(evidence.outcome == .indeterminate)
  }

  @Test("sends beyond the first are counted by the bytes", arguments: [(0, 0), (129, 0), (258, 1), (387, 2)])
  func resends(bytes: Int, expected: Int) {
    let evidence = Evidence(curl: 0, status: 200, requestBytes: bytes, completeBytes: 129, markerSeen: true)
    #expect(evidence.resends == expected)
  }

  @Test(
    "the marker is the choice that was voted for, in the page or in JSON",
    arguments: [
      ("<script>var vote = \"a\";</script>", true), ("{\"vote\":\"a\"}", true), ("{ \"vote\" : \"a\" }", true),
      ("{\"voter\":\"x\",\n  \"vote\":\n\"a\"}", true), ("{\"vote\":\"b\"}", false), ("var vote = null", false),
      ("\"a\"", false), ("{\"other\":\"a\"}", false), ("", false), ("var vote = \"ab\"", false), ("\"vote\":\"", false),
    ])
  func marker(body: String, seen: Bool) {
    let bytes = Array(body.utf8)
    let marker = AcceptanceMarker(choices: ["a", "b"])
    #expect(bytes.withUnsafeBufferPointer { marker.isSeen(in: $0, choice: 0) } == seen)
    // It remembers where a proof stood: that must not make one of something else.
    for other in ["{\"vote\":\"a\"}", "<script>var vote = \"a\";</script>", "{ \"vote\" : \"a\" }"] {
      #expect(Array(other.utf8).withUnsafeBufferPointer { marker.isSeen(in: $0, choice: 0) })
      #expect(!Array(other.utf8).withUnsafeBufferPointer { marker.isSeen(in: $0, choice: 1) })
      #expect(bytes.withUnsafeBufferPointer { marker.isSeen(in: $0, choice: 0) } == seen)
    }
  }
}
