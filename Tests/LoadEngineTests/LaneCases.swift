import Bench

/// What votes come to that meet a behaviour of the scripted server: the same in both lanes, if not by the same cause.
///
/// The lanes differ in what they call it where one reads what the other leaves to libcurl:
/// - A kept connection that dies before libcurl has seen a whole status line is one that libcurl would send again on:
///   its guard speaks. On a new connection it says that nothing came.
/// - What is no HTTP is answer 8 (weird server reply) to us, and to libcurl 1 (it takes it for HTTP/0.9, which is not
///   allowed) or, in a chunk, 56.
/// - The beginning of a line that may still become a status line is waited for by us; libcurl gives it up at its third
///   byte.
struct LaneCase: Sendable {
  var names: [String]
  var outcome: Outcome
  /// What the direct lane says.
  var direct: String
  /// What the transfer lane says on kept connections, and on new ones.
  var transfer: String
  var transferFresh: String

  init(
    _ outcome: Outcome, _ direct: String, transfer: String? = nil, transferFresh: String? = nil, _ names: [String]
  ) {
    self.names = names
    self.outcome = outcome
    self.direct = direct
    self.transfer = transfer ?? direct
    self.transferFresh = transferFresh ?? transfer ?? direct
  }

  static let all = answers + proofless + cuts + resets + stalls + garbage

  private static let answers = [
    LaneCase(
      .accepted, "none",
      [
        "normal", "page", "chunked", "interim", "interim-at-once", "trickle", "in-parts", "line-feeds", "folded",
        "http-1.0", "http-1.0-kept", "until-close", "long-header", "many-headers", "long-body", "long-chunks",
        "two-answers", "201", "early", "closing", "closing-in-a-list", "closing-unsaid", "idle-408", "idle-answer",
        "idle-garbage",
      ])
  ]

  private static let proofless = [
    LaneCase(.indeterminate, "marker-missing", ["no-marker", "other-choice", "late-marker", "204"]),
    LaneCase(.indeterminate, "http-500", ["marked-500"]),
    LaneCase(.refused, "http-404", ["marked-404"]),
  ]

  /// Where an answer may be cut after its status line: before and after the marker.
  private static let afterStatusLine = [
    "after-status-line", "after-status-line-of-404", "head", "head-of-404", "before-empty-line-of-404", "interim",
    "after-head", "body", "body-of-404", "chunk", "chunk-size-of-404",
  ]
  private static let beforeStatusLine = ["version", "status", "status-line", "status-line-of-404"]
  private static let afterMarker = ["after-marker", "chunk-after-marker", "before-last-chunk", "trailer"]

  private static let cuts = [
    LaneCase(.accepted, "none", afterMarker.map { "cut-\($0)" }),
    LaneCase(.indeterminate, "answer-cut", afterStatusLine.map { "cut-\($0)" }),
    LaneCase(.indeterminate, "answer-cut", transfer: "closed-without-answer", ["cut-after-interim"]),
    LaneCase(
      .indeterminate, "answer-cut", transfer: "resend-blocked", transferFresh: "closed-without-answer",
      beforeStatusLine.map { "cut-\($0)" }),
    LaneCase(
      .indeterminate, "closed-without-answer", transfer: "resend-blocked", transferFresh: "closed-without-answer",
      ["cut-nothing"]),
  ]

  private static let resets = [
    LaneCase(.accepted, "none", afterMarker.map { "reset-\($0)" }),
    LaneCase(.indeterminate, "connection-reset", (afterStatusLine + ["after-interim"]).map { "reset-\($0)" }),
    LaneCase(
      .indeterminate, "connection-reset", transfer: "resend-blocked", transferFresh: "connection-reset",
      (beforeStatusLine + ["nothing", "unread"]).map { "reset-\($0)" }),
  ]

  private static let stalls = [
    LaneCase(.accepted, "none", ["stall-after-marker", "stall-before-last-chunk"]),
    LaneCase(
      .indeterminate, "timeout",
      ["nothing", "status-line-of-404", "head", "before-empty-line-of-404", "after-interim", "body"].map {
        "stall-\($0)"
      }),
  ]

  private static let garbage = [
    LaneCase(
      .indeterminate, "curl-8", transfer: "curl-1",
      ["ssh", "binary", "lines", "icy", "after-interim"].flatMap { ["garbage-\($0)", "open-garbage-\($0)"] }),
    LaneCase(.indeterminate, "answer-cut", transfer: "curl-1", ["garbage-http-2", "garbage-marker"]),
    LaneCase(.indeterminate, "timeout", transfer: "curl-1", ["open-garbage-http-2", "open-garbage-marker"]),
    LaneCase(
      .indeterminate, "curl-8", transfer: "connection-reset", ["garbage-chunk-size", "open-garbage-chunk-size"]),
    LaneCase(
      .accepted, "none", ["garbage-chunk-size-after-marker", "open-garbage-chunk-size-after-marker"]),
  ]

  /// Where our reader is the stricter one: it may call indeterminate what libcurl takes, never the other way round.
  static let strict = [
    "two-lengths", "no-colon", "space-before-colon", "no-space-after-status", "coding", "negative-length",
    "status-of-600", "switching", "too-many-headers",
  ].map { "strict-\($0)" }

  /// What an empty answer with a status says.
  static func outcome(ofStatus status: Int) -> Outcome {
    let refusing: Set<Int> = [
      301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 411, 412, 413, 414, 415, 417, 421, 422, 428, 429,
      431, 501,
    ]
    return refusing.contains(status) ? .refused : .indeterminate
  }
}
