import FoundationEssentials

/// Something that happened to an object, as `kubectl get events` and `kubectl describe` show it.
package struct EventRecord: Equatable, Sendable {
  /// `Normal` or `Warning`.
  package enum Kind: String, Sendable {
    case normal = "Normal"
    case warning = "Warning"
  }

  /// The object that it happened to.
  package var object: JSON
  /// One word that people grep for, such as `ScalingReplicaSet`.
  package var reason: String
  /// A sentence.
  package var message: String
  /// Whether it is a trouble.
  package var kind: Kind
  /// Who says so, such as `deployment-controller` or `kubelet`.
  package var component: String
  /// The container it is about, as `spec.containers{NAME}`; nil if it is about the whole object.
  package var fieldPath: String?

  /// An event about an object as stored.
  package init(
    _ object: JSON, reason: String, message: String, kind: Kind = .normal, component: String, fieldPath: String? = nil
  ) {
    self.object = object
    self.reason = reason
    self.message = message
    self.kind = kind
    self.component = component
    self.fieldPath = fieldPath
  }

  private var involved: JSON {
    var involved: JSON = ["kind": object["kind"], "apiVersion": object["apiVersion"]]
    for field in ["name", "namespace", "uid", "resourceVersion"] { involved[field] = object["metadata", field] }
    if let fieldPath { involved["fieldPath"] = .string(fieldPath) }
    return involved
  }

  /// The Event object of its first occurrence.
  func json(now: Date) -> JSON {
    let moment = Timestamp.text(now)
    let name = object["metadata", "name"].string ?? ""
    var source: JSON = ["component": .string(component)]
    if component == "kubelet" { source["host"] = object["spec", "nodeName"] }
    return [
      "kind": "Event", "apiVersion": "v1",
      "metadata": [
        // Names of Events are made of the object's and the time; the number makes two of one moment differ.
        "generateName": .string("\(name).\(String(Int(now.timeIntervalSince1970 * 1_000_000_000), radix: 16))"),
        "namespace": object["metadata", "namespace"],
      ],
      "involvedObject": involved, "reason": .string(reason), "message": .string(message), "source": source,
      "firstTimestamp": .string(moment), "lastTimestamp": .string(moment), "count": 1, "type": .string(kind.rawValue),
      "eventTime": .null, "reportingComponent": .string(component), "reportingInstance": "",
    ]
  }

  /// Whether an Event object says the same of the same object.
  func repeats(_ event: JSON) -> Bool {
    event["reason"].string == reason && event["message"].string == message
      && event["involvedObject", "uid"] == object["metadata", "uid"]
      && event["involvedObject", "fieldPath"].string == fieldPath
  }
}

extension ObjectStore {
  /// How many Events are kept; a real server forgets them after an hour.
  private static var eventLimit: Int { 2_000 }

  /// Stores an event; one that says the same as an earlier one only counts it up.
  package func record(_ event: EventRecord) {
    let moment = now
    let known = list(.events, namespace: event.object["metadata", "namespace"].string).items
    if let same = known.first(where: event.repeats), let name = same["metadata", "name"].string {
      _ = try? update(.events, namespace: same["metadata", "namespace"].string, name: name) { stored in
        stored["count"] = .int((stored["count"].int ?? 1) + 1)
        stored["lastTimestamp"] = .string(Timestamp.text(moment))
      }
      return
    }
    _ = try? create(event.json(now: moment), .events)
    if known.count >= Self.eventLimit { forgetOldest(of: known) }
  }

  private func forgetOldest(of events: [JSON]) {
    let oldest = events.min { ($0["lastTimestamp"].string ?? "") < ($1["lastTimestamp"].string ?? "") }
    guard let oldest, let name = oldest["metadata", "name"].string else { return }
    remove(.events, namespace: oldest["metadata", "namespace"].string, name: name)
  }
}
