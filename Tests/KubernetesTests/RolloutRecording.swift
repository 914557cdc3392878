import Bench
import FoundationEssentials
import Kubernetes

/// A recording of a real cluster (Kubernetes 1.36): what its watches told and the commands that were run, in order.
struct RolloutRecording: Sendable {
  /// A command that began a change.
  struct Command: Sendable {
    var argv: [String]
    var start: MonotonicTime
    var end: MonotonicTime
    var exit: Int
    /// When the last old pod was gone, or the last new one available where that was later; nil where it never was.
    var over: MonotonicTime?
  }

  /// Seconds after the first command, by the names of the recording; the key is the pod's name, or uid where names
  /// are given again.
  let pods: [String: [String: Double]]
  /// The moment of the first command.
  let origin: MonotonicTime
  let name: String
  let commands: [Command]
  let sightings: [Sighting]

  static let names = [
    "01-set-image-surge1-unavail1", "01f-set-image-ingress-throttle-100ms", "01p-set-image-patient-client",
    "02-set-image-surge25pct-unavail0", "03-set-image-surge0-unavail1", "04-rollout-undo", "05-broken-image",
    "05b-image-never-pull", "06-rollout-restart", "07-scale-4-6-3", "08-crash-loop", "09-statefulset",
    "10-graceful-no-prestop", "11-graceful-prestop-sleep5", "12-ignore-sigterm-grace8", "13-patch-pause-resume",
    "14-change-of-mind", "15-post-in-hand", "15f-post-in-hand-ingress-throttle-100ms",
    "16-post-in-hand-graceful-prestop", "17-never-ready", "18-unschedulable", "19-min-ready-seconds",
    "20-apiserver-killed-midway",
  ]

  /// Every recording by name, read once.
  static let all: Result<[String: RolloutRecording], any Error> = Result {
    try Dictionary(uniqueKeysWithValues: names.map { ($0, try RolloutRecording($0)) })
  }

  static func named(_ name: String) throws -> RolloutRecording {
    guard let recording = try all.get()[name] else { throw CocoaError(.fileNoSuchFile) }
    return recording
  }

  private init(_ name: String, file: String = #filePath) throws {
    let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let text = try Data(contentsOf: URL(filePath: "\(folder)/Fixtures/\(name).ndjson"))
    let lines = try text.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(Line.self, from: $0) }
    self.name = name
    pods = lines.first?.pods ?? [:]
    origin = Self.moment(lines.first?.t ?? 0)
    commands = lines.filter { $0.starts == true }.map {
      Command(
        argv: $0.command ?? [], start: Self.moment($0.t), end: Self.moment($0.end ?? $0.t), exit: $0.exit ?? 0,
        over: $0.over.map(Self.moment))
    }
    var reading = Reading()
    for line in lines where line.resource != nil { reading.take(line, at: Self.moment(line.t)) }
    sightings = reading.sightings
  }

  static func moment(_ t: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64((t * 1e6).rounded()) * 1000) }

  /// Plays the change that began with command number `number` until the next one; what came after its outcome, too.
  ///
  /// `blind` is a time for which nothing is seen; then every watch begins with what is there.
  func play(_ number: Int = 0, limit: Duration = .seconds(120), blind: ClosedRange<MonotonicTime>? = nil)
    -> RolloutRecord
  {
    let command = commands[number]
    let until = number + 1 < commands.count ? commands[number + 1].start : MonotonicTime(nanoseconds: .max)
    let statefulSet = name.hasPrefix("09")
    var progress = RolloutProgress(
      record: RolloutRecord(
        trigger: command.argv.joined(separator: " "),
        workload: statefulSet ? Workload(.statefulSet, "voting-db") : Workload(.deployment, "voting-app"),
        start: command.start),
      change: Self.trigger(command.argv), before: before(command.start), limit: limit)
    var now = command.start
    var hasEnded = false
    for sighting in seen(from: command.start, until: until, blind: blind) {
      // Time passes also between sightings.
      while now < sighting.at.latest, progress.record.outcome == nil {
        now = min(now + .milliseconds(100), sighting.at.latest)
        if !hasEnded, now >= command.end {
          progress.commandEnded(exit: command.exit, at: now)
          hasEnded = true
        }
        _ = progress.outcome(at: now)
      }
      progress.see(sighting)
      _ = progress.outcome(at: sighting.at.latest)
    }
    return progress.record
  }

  private static func trigger(_ argv: [String]) -> RolloutChange.Trigger {
    switch argv.prefix(2) {
    case ["scale", argv[1]]: .scale(argv.last.flatMap { Int($0.dropFirst("--replicas=".count)) } ?? 0)
    case ["rollout", "restart"]: .restart
    case ["set", "env"]: .setEnv(Array(argv.dropFirst(3)))
    case ["set", "image"], ["rollout", "undo"]: .image(nil)
    default: .command(argv.joined(separator: " "))
    }
  }

  /// The cluster as it was at a moment.
  private func before(_ moment: MonotonicTime) -> RolloutProgress.Before {
    let state = state(at: moment)
    guard let workload = state.workload else { preconditionFailure("\(name) does not begin with the workload") }
    return RolloutProgress.Before(
      workload: workload, pods: state.pods, replicaSets: state.replicaSets, endpoints: state.endpoints)
  }

  private func state(at moment: MonotonicTime) -> ClusterState {
    var state = ClusterState()
    for sighting in sightings where sighting.at.latest <= moment { state.take(sighting.content) }
    return state
  }

  private func seen(from start: MonotonicTime, until end: MonotonicTime, blind: ClosedRange<MonotonicTime>?)
    -> [Sighting]
  {
    let all = sightings.filter { $0.at.latest > start && $0.at.latest < end }
    guard let blind else { return all }
    let gap = RolloutRecord.Gap(start: blind.lowerBound, end: blind.upperBound)
    let before = state(at: blind.lowerBound)
    let after = state(at: blind.upperBound)
    let at = Moment(after: gap.start, until: gap.end)
    let there = Set(after.pods.map(\.metadata.uid))
    let gone = before.pods.filter { !there.contains($0.metadata.uid) }
    // In any order: here the pods come last.
    let contents: [Sighting.Content] =
      ClusterResource.allCases.map { .gap($0, gap) } + (after.workload.map { [.workload($0)] } ?? [])
      + after.replicaSets.map { .replicaSet($0) } + after.endpoints.map { .endpoints($0) } + gone.map { .podGone($0) }
      + after.pods.map { .pod($0) }
    return all.filter { $0.at.latest <= gap.start } + contents.map { Sighting($0, at: at) }
      + all.filter { $0.at.latest > gap.end }
  }
}

/// What is there, by what was seen last.
private struct ClusterState {
  var workload: WorkloadObject?
  var pods: [Pod] = []
  var replicaSets: [WorkloadObject] = []
  var endpoints: [EndpointSlice] = []

  mutating func take(_ content: Sighting.Content) {
    switch content {
    case .workload(let workload): self.workload = workload
    case .replicaSet(let set): replicaSets = replicaSets.filter { $0.metadata.uid != set.metadata.uid } + [set]
    case .pod(let pod): pods = pods.filter { $0.metadata.uid != pod.metadata.uid } + [pod]
    case .podGone(let pod): pods = pods.filter { $0.metadata.uid != pod.metadata.uid }
    case .endpoints(let slice): endpoints = endpoints.filter { $0.metadata.uid != slice.metadata.uid } + [slice]
    default: break
    }
  }
}

/// A line of a recording.
private struct Line: Decodable {
  enum Object {
    case workload(WorkloadObject)
    case replicaSet(WorkloadObject)
    case pod(Pod)
    case endpoints(EndpointSlice)
    case event(ClusterEvent)
  }

  var t: Double
  var end: Double?
  var over: Double?
  var exit: Int?
  var command: [String]?
  var starts: Bool?
  var pods: [String: [String: Double]]?
  var resource: ClusterResource?
  var type: String?
  var objects: [Object] = []

  private enum Key: String, CodingKey {
    case t, end, over, exit, command, starts, pods, resource, type, object, objects
  }

  init(from decoder: any Decoder) throws {
    let line = try decoder.container(keyedBy: Key.self)
    t = try line.decode(Double.self, forKey: .t)
    end = try line.decodeIfPresent(Double.self, forKey: .end)
    over = try line.decodeIfPresent(Double.self, forKey: .over)
    exit = try line.decodeIfPresent(Int.self, forKey: .exit)
    command = try line.decodeIfPresent([String].self, forKey: .command)
    starts = try line.decodeIfPresent(Bool.self, forKey: .starts)
    pods = try line.decodeIfPresent([String: [String: Double]].self, forKey: .pods)
    type = try line.decodeIfPresent(String.self, forKey: .type)
    guard let name = try line.decodeIfPresent(String.self, forKey: .resource) else { return }
    let resource = ClusterResource(rawValue: name) ?? .workload
    self.resource = resource
    func read<Value: Decodable>(_ kind: Value.Type, _ wrap: (Value) -> Object) throws {
      if let one = try line.decodeIfPresent(Value.self, forKey: .object) { objects = [wrap(one)] }
      if let many = try line.decodeIfPresent([Value].self, forKey: .objects) { objects = many.map(wrap) }
    }
    switch resource {
    case .workload: try read(WorkloadObject.self) { .workload($0) }
    case .replicaSets: try read(WorkloadObject.self) { .replicaSet($0) }
    case .pods: try read(Pod.self) { .pod($0) }
    case .endpointSlices: try read(EndpointSlice.self) { .endpoints($0) }
    case .events: try read(ClusterEvent.self) { .event($0) }
    }
  }
}

/// Makes sightings of lines: after a stream ended, the next block of a resource says what is there.
private struct Reading {
  var sightings: [Sighting] = []
  private var ended: [ClusterResource: MonotonicTime] = [:]
  private var there = ClusterState()

  mutating func take(_ line: Line, at now: MonotonicTime) {
    guard let resource = line.resource else { return }
    switch line.type {
    case "ENDED": ended[resource] = now
    case "LIST":
      let start = ended.removeValue(forKey: resource) ?? now
      let at = Moment(after: start, until: now)
      see(.gap(resource, RolloutRecord.Gap(start: start, end: now)), Moment(now))
      let listed = line.objects.map { content($0, isGone: false) }
      if resource == .pods {
        let uids = Set(listed.compactMap { if case .pod(let pod) = $0 { pod.metadata.uid } else { nil } })
        for pod in there.pods where !uids.contains(pod.metadata.uid) { see(.podGone(pod), at) }
      }
      for content in listed { see(content, at) }
    default:
      for object in line.objects { see(content(object, isGone: line.type == "DELETED"), Moment(now)) }
    }
  }

  private mutating func see(_ content: Sighting.Content, _ at: Moment) {
    there.take(content)
    sightings.append(Sighting(content, at: at))
  }

  private func content(_ object: Line.Object, isGone: Bool) -> Sighting.Content {
    switch object {
    case .workload(let workload): isGone ? .workloadGone : .workload(workload)
    case .replicaSet(let set): isGone ? .replicaSetGone(uid: set.metadata.uid) : .replicaSet(set)
    case .pod(let pod): isGone ? .podGone(pod) : .pod(pod)
    case .endpoints(let slice): isGone ? .endpointsGone(uid: slice.metadata.uid) : .endpoints(slice)
    case .event(let event): .event(event)
    }
  }
}
