import FoundationEssentials

@testable import Sandbox

/// What one version of kubectl asked a real API server, verb by verb, and how it was answered.
///
/// The recording is of Kubernetes 1.36; of an answer's object it keeps the shape (``AnswerShape``), of a failure all.
struct KubectlRecording: Sendable {
  /// The kubectl versions that were recorded.
  static let versions = ["1.20", "1.32", "1.37"]

  /// The objects that were there before the first verb, as kubectl had applied them.
  let stage: [JSON]
  let verbs: [Verb]

  /// One run of kubectl.
  struct Verb: Sendable {
    let name: String
    let command: [String]
    let requests: [Request]

    /// Whether kubectl stayed until the rollout was over.
    var awaitsRollout: Bool {
      command.contains("wait") || command.contains("status") && !command.contains("--watch=false")
    }
  }

  /// One request, and its answer.
  struct Request: Sendable {
    let method, url, accept, contentType, body: String
    let status: Int
    let answerType: String
    /// Nil if the recording has no body: a watch, or one that is not JSON.
    let shape: AnswerShape?
    /// Whether the recorded body was cut off, so that the answer may have more than the shape.
    let isCut: Bool
    /// The columns of a table: name, type, format and priority of each.
    let columns: [String]
    /// The whole Status of a failure.
    let failure: JSON?

    var path: String { String(url.prefix { $0 != "?" }) }
    var isWatch: Bool { url.contains("watch=true") }
  }

  init(version: String) throws {
    let recording = try Fixture.json("replay-\(version)")
    let shapes = try Fixture.json("replay-shapes").elements.map(AnswerShape.init(recorded:))
    stage = recording["stage"].elements
    verbs = recording["verbs"].elements.map { verb in
      Verb(
        name: verb["name"].string ?? "", command: verb["command"].elements.compactMap(\.string),
        requests: verb["requests"].elements.map { Request($0, shapes) })
    }
  }
}

extension KubectlRecording.Request {
  fileprivate init(_ request: JSON, _ shapes: [AnswerShape]) {
    method = request["method"].string ?? ""
    url = request["url"].string ?? ""
    accept = request["accept"].string ?? ""
    contentType = request["type"].string ?? ""
    body = request["body"].string ?? ""
    status = request["status"].int ?? 0
    answerType = request["answered"].string ?? ""
    shape = request["shape"].int.map { shapes[$0] }
    isCut = request["isCut"].bool ?? false
    columns = request["columns"].elements.compactMap(\.string)
    failure = request["answer"].isNull ? nil : request["answer"]
  }
}
