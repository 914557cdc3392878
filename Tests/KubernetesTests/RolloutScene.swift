import Bench
import FoundationEssentials
import Kubernetes

/// A small cluster that is told of object by object, and the progress that is told of it.
///
/// It begins whole: generation 1, its pods `old-0`, `old-1` ready; seconds are those since the change began.
struct RolloutScene {
  static let running = #""state":{"running":{}}"#

  var progress: RolloutProgress
  private let kind: Workload.Kind
  private let wanted: Int

  init(
    _ change: RolloutChange.Trigger, _ kind: Workload.Kind = .deployment, wanted: Int = 2,
    limit: Duration = .seconds(60),
    evicted: Bool = false
  ) throws {
    self.kind = kind
    self.wanted = wanted
    var pods = try (0..<wanted).map { try Self.pod("old-\($0)", kind, template: 1) }
    if evicted { pods.append(try Self.pod("evicted", kind, template: 1, phase: "Failed", ready: false)) }
    progress = RolloutProgress(
      record: RolloutRecord(trigger: "", workload: Workload(kind, "d"), start: Self.moment(0)), change: change,
      before: .init(
        workload: try Self.workload(kind, Counts(wanted: wanted), generation: 1),
        pods: pods, replicaSets: kind == .deployment ? [try Self.replicaSet(1, wanted: wanted)] : []),
      limit: limit)
  }

  static func moment(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

  /// `after`: nobody could see it since then.
  mutating func see(_ content: Sighting.Content, after blind: Double? = nil, at seconds: Double = 0) {
    let seen = Self.moment(seconds)
    progress.see(Sighting(content, at: blind.map { Moment(after: Self.moment($0), until: seen) } ?? Moment(seen)))
  }

  mutating func outcome(at seconds: Double) -> RolloutOutcome? { progress.outcome(at: Self.moment(seconds)) }

  mutating func commandEnded(exit: Int = 0, at seconds: Double = 0) {
    progress.commandEnded(exit: exit, at: Self.moment(seconds))
  }

  /// What a workload's status counts; all that are wanted unless said otherwise.
  struct Counts {
    var wanted: Int
    var replicas: Int?
    var updated: Int?
    var ready: Int?
    var available: Int?
  }

  mutating func workload(
    generation: Int = 2, observed: Int? = nil, template: Int = 2, counts: Counts? = nil, conditions: String = "",
    at seconds: Double = 0
  ) throws {
    see(
      .workload(
        try Self.workload(
          kind, counts ?? Counts(wanted: wanted), generation: generation, observed: observed, template: template,
          conditions: conditions)), at: seconds)
  }

  mutating func replicaSet(_ template: Int = 2, wanted: Int = 2, conditions: String = "", at seconds: Double = 0) throws
  {
    see(.replicaSet(try Self.replicaSet(template, wanted: wanted, conditions: conditions)), at: seconds)
  }

  /// A pod, ready unless said otherwise; `state` is of its container.
  mutating func pod(
    _ name: String, template: Int = 2, phase: String = "Running", ready: Bool? = nil, marked: Bool = false,
    conditions: String? = nil, state: String? = nil, hook: String = "null", after blind: Double? = nil,
    at seconds: Double = 0
  ) throws {
    see(
      .pod(
        try Self.pod(
          name, kind, template: template, phase: phase, ready: ready ?? (state == nil && conditions == nil),
          marked: marked, conditions: conditions, state: state, hook: hook)), after: blind, at: seconds)
  }

  mutating func gone(_ name: String, template: Int = 1, at seconds: Double = 0) throws {
    see(.podGone(try Self.pod(name, kind, template: template, marked: true)), at: seconds)
  }

  mutating func event(
    _ reason: String, about uid: String, kind: String = "Pod", number: Int = 0, at seconds: Double = 0
  ) throws {
    let text = """
      {"metadata":{"name":"e","uid":"\(reason)-\(uid)-\(number)"},"involvedObject":{"kind":"\(kind)","name":"\(uid)",\
      "uid":"\(uid)"},"reason":"\(reason)","message":"\(reason) of \(uid)"}
      """
    see(.event(try JSONDecoder().decode(ClusterEvent.self, from: Data(text.utf8))), at: seconds)
  }

  /// A slice of endpoints, of pods and whether they are ready.
  mutating func endpoints(_ uid: String, _ pods: [String: Bool], at seconds: Double) throws {
    let listed = pods.map {
      #"{"conditions":{"ready":\#($1)},"targetRef":{"kind":"Pod","name":"\#($0)","uid":"\#($0)"}}"#
    }
    let text = #"{"metadata":{"name":"\#(uid)","uid":"\#(uid)"},"endpoints":[\#(listed.joined(separator: ","))]}"#
    see(.endpoints(try JSONDecoder().decode(EndpointSlice.self, from: Data(text.utf8))), at: seconds)
  }

  func moment(_ milestone: PodMilestone, of pod: String) -> Moment? {
    progress.record.pods.first { $0.uid == pod }?.times[milestone]
  }

  // MARK: Objects

  private static func workload(
    _ kind: Workload.Kind, _ counts: Counts, generation: Int, observed: Int? = nil, template: Int = 1,
    conditions: String = ""
  ) throws -> WorkloadObject {
    let available = counts.available ?? counts.wanted
    return try decode(
      """
      {"metadata":{"name":"d","uid":"d","generation":\(generation),\
      "annotations":{"deployment.kubernetes.io/revision":"\(template)"}},\
      "spec":{"replicas":\(counts.wanted),"selector":{},"template":{"spec":{"containers":[]}}},\
      "status":{"observedGeneration":\(observed ?? generation),"replicas":\(counts.replicas ?? counts.wanted),\
      "updatedReplicas":\(counts.updated ?? counts.wanted),"readyReplicas":\(counts.ready ?? available),\
      "availableReplicas":\(available),"updateRevision":"d-\(template)","conditions":[\(conditions)]}}
      """)
  }

  private static func replicaSet(_ template: Int, wanted: Int, conditions: String = "") throws -> WorkloadObject {
    try decode(
      """
      {"metadata":{"name":"d-\(template)","uid":"d-\(template)",\
      "annotations":{"deployment.kubernetes.io/revision":"\(template)"},\
      "ownerReferences":[{"kind":"Deployment","name":"d","uid":"d"}]},\
      "spec":{"replicas":\(wanted),"selector":{},"template":{"spec":{"containers":[]}}},\
      "status":{"conditions":[\(conditions)]}}
      """)
  }

  private static func pod(
    _ name: String, _ kind: Workload.Kind, template: Int, phase: String = "Running", ready: Bool = true,
    marked: Bool = false, conditions: String? = nil, state: String? = nil, hook: String = "null"
  ) throws -> Pod {
    let owner = kind == .deployment ? "d-\(template)" : "d"
    return try decode(
      """
      {"metadata":{"name":"\(name)","uid":"\(name)","labels":{"controller-revision-hash":"d-\(template)"},\
      \(marked ? #""deletionTimestamp":"2026-11-22T19:04:09Z","# : "")\
      "ownerReferences":[{"kind":"x","name":"\(owner)","uid":"\(owner)"}]},\
      "spec":{"containers":[{"name":"c","image":"v\(template)","lifecycle":{"preStop":\(hook)}}]},\
      "status":{"phase":"\(phase)","conditions":[\
      \(conditions ?? #"{"type":"PodScheduled","status":"True"}"#),\
      {"type":"Ready","status":"\(ready ? "True" : "False")","message":"containers with unready status: [c]"}],\
      "containerStatuses":[{"name":"c","ready":\(ready),\(state ?? running)}]}}
      """)
  }

  private static func decode<Value: Decodable>(_ text: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(text.utf8))
  }
}
