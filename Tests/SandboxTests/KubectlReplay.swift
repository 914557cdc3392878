import FoundationEssentials
import TestSupport

@testable import Sandbox

/// The recorded requests of one kubectl version, asked of the sandbox's API in their order.
///
/// The controllers act before each verb, and where kubectl waited for a rollout the pods become ready and the rollout
/// ends. Only versions are replaced: a patch or a watch that names a `resourceVersion` names the one that the sandbox
/// gave in the answer before.
final class KubectlReplay {
  /// What one verb's requests were answered.
  typealias Outcome = [(request: KubectlRecording.Request, answer: Answer)]

  /// An answer of the sandbox.
  struct Answer: Sendable {
    var status: Int
    var contentType: String
    /// The object; of a watch the last object that it reported, null if the body is no JSON.
    var body: JSON
    /// What is wrong with the events of a watch.
    var problem: String?
  }

  private let cluster: TestCluster
  private let api: API
  // The version in the last answer, by path.
  private var versions: [String: String] = [:]

  private init(_ recording: KubectlRecording) throws {
    cluster = try TestCluster()
    api = API(cluster.store)
    cluster.store.setServiceAddresses(ServiceAddresses(["127.70.1.190", "127.70.1.191"], reserved: []))
    cluster.store.remove(.namespaces, namespace: nil, name: "oggy")
    for object in recording.stage {
      try create(object)
    }
    try cluster.finish()
  }

  /// Replays all verbs of a recording; gives the answers by the verb's name.
  static func run(_ recording: KubectlRecording) async throws -> [String: Outcome] {
    let replay = try KubectlReplay(recording)
    var outcomes: [String: Outcome] = [:]
    for verb in recording.verbs {
      try replay.cluster.settle()
      for request in verb.requests {
        outcomes[verb.name, default: []].append((request, try await replay.answer(request, of: verb)))
      }
    }
    return outcomes
  }

  private func create(_ object: JSON) throws {
    let paths = [
      "Namespace": "/api/v1/namespaces", "Service": "/api/v1/namespaces/oggy/services",
      "Deployment": "/apis/apps/v1/namespaces/oggy/deployments",
      "Ingress": "/apis/networking.k8s.io/v1/namespaces/oggy/ingresses",
    ]
    let path = paths[object["kind"].string ?? ""] ?? ""
    var answer = api.answer("POST", path, object)
    let managed = object["metadata", "managedFields"]
    if !managed.isNull {
      let patch: JSON = [["op": "replace", "path": "/metadata/managedFields", "value": managed]]
      answer = api.answer("PATCH", "\(path)/\(object.named)", patch, type: "application/json-patch+json")
    }
    guard answer["kind"] == object["kind"] else { throw StageError("not created: \(answer.text)") }
  }

  // MARK: Requests

  private func answer(_ request: KubectlRecording.Request, of verb: KubectlRecording.Verb) async throws -> Answer {
    let raw = api.raw(
      request.method, withVersion(request.url, at: request.path),
      [UInt8](try withVersion(request).utf8), type: request.contentType, accept: request.accept)
    let answer =
      switch raw {
      case .json(let body, let status, let type): Answer(status: status, contentType: type, body: body)
      case .warned(let body, let status, _): Answer(status: status, contentType: "application/json", body: body)
      case .bytes(_, let status, let type): Answer(status: status, contentType: type, body: .null)
      case .watch(let feed): try await read(feed, of: verb)
      case .log, .exec: throw StageError("no recorded request asks for a log or a command")
      }
    if let version = answer.body["metadata", "resourceVersion"].string { versions[request.path] = version }
    return answer
  }

  private func withVersion(_ url: String, at path: String) -> String {
    guard let version = versions[path], !url.contains("resourceVersion=0") else { return url }
    return url.replacing(/resourceVersion=\d+/, with: "resourceVersion=\(version)")
  }

  private func withVersion(_ request: KubectlRecording.Request) throws -> String {
    guard request.body.contains("/metadata/resourceVersion"), let version = versions[request.path] else {
      return request.body
    }
    let operations = try JSON(parsing: Data(request.body.utf8)).elements.map { operation in
      guard operation["path"] == "/metadata/resourceVersion" else { return operation }
      var operation = operation
      operation["value"] = .string(version)
      return operation
    }
    return JSON.array(operations).text
  }

  // MARK: Watches

  // The rollout runs to its end first: the feed keeps the events until they are read.
  private func read(_ feed: WatchFeed, of verb: KubectlRecording.Verb) async throws -> Answer {
    if verb.awaitsRollout { try cluster.finish() }
    var feed = feed
    feed.timeout = .seconds(20)
    var answer = Answer(status: 200, contentType: "application/json", body: .null)
    // Else kubectl had seen enough in its list.
    guard verb.awaitsRollout || feed.marksInitialEnd || !feed.initial.isEmpty else { return answer }
    for await line in feed.lines() {
      let event = try JSON(parsing: Data(line))
      guard event["object", "kind"] == "Deployment", event["object", "apiVersion"] == "apps/v1" else {
        answer.problem = "no Deployment: \(event.text)"
        return answer
      }
      if event["type"] != "BOOKMARK" { answer.body = event["object"] }
      if Self.isEnough(event, of: verb, feed) { return answer }
    }
    answer.problem = "the watch ended before what kubectl waited for came"
    return answer
  }

  // What kubectl looks at: `rollout status` at the replicas, `wait` at the condition.
  private static func isEnough(_ event: JSON, of verb: KubectlRecording.Verb, _ feed: WatchFeed) -> Bool {
    let object = event["object"]
    guard verb.awaitsRollout else {
      return !feed.marksInitialEnd || object["metadata", "annotations", "k8s.io/initial-events-end"] == "true"
    }
    guard event["type"] != "BOOKMARK" else { return false }
    if verb.command.contains("wait") {
      return object["status", "conditions"][where: "type", is: "Available"]["status"] == "True"
    }
    let (spec, status) = (object["spec"], object["status"])
    return status["observedGeneration"] == object["metadata", "generation"]
      && status["updatedReplicas"] == spec["replicas"] && status["replicas"] == spec["replicas"]
      && status["availableReplicas"] == spec["replicas"]
  }
}
