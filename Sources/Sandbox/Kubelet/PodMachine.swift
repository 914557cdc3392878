import FoundationEssentials

/// The life of one pod as the kubelet leads it, from its assignment to the removal of its object.
///
/// Pure: what happened comes in with the time, what to do comes out, and ``deadline`` says when it wants to be
/// called next. ``Kubelet`` is the one place that acts. Each container's own life is ``ContainerMachine``'s; this says
/// which may begin and when all must end. What users see of it is ``PodStatus``'s work.
struct PodMachine: Sendable {
  /// What happened.
  enum Event: Sendable, Equatable {
    /// Time has passed.
    case tick
    /// The pod's volumes are there.
    case mounted
    /// They are not, and why: one sentence for each.
    case mountFailed(String)
    /// Something about the container at this place of the plan.
    case container(Int, ContainerMachine.Event)
    /// The pod is to end within this many seconds.
    case deletion(grace: Int)
  }

  /// What to do.
  enum Action: Sendable, Equatable {
    /// Make the pod's volumes.
    case mount
    case container(Int, ContainerMachine.Action)
    /// Write an Event about the pod.
    case report(Report)
    /// The processes are gone for good: the pod's address falls silent.
    case silenceAddress
    /// Take the pod's object out of the store.
    case remove
  }

  /// An Event about the pod or a container of it, with Kubernetes' words.
  struct Report: Sendable, Equatable {
    var type = "Normal"
    var reason: String
    var message: String
    /// The container that it is about; nil for the pod as a whole.
    var fieldPath: String?
  }

  private enum Stage: Sendable, Equatable {
    case new
    case creating(until: Date)
    case mounting
    case remounting(at: Date)
    case running
    /// Every container has ended by itself, and none will run again.
    case completed
    case ended(removeAt: Date)
    case removed
  }

  // From the last container's end to the removal of the object: measured, a median of 0.5 s.
  static let removalDelay = 0.45

  let plan: PodPlan
  /// When the pod was taken.
  let takenAt: Date
  private(set) var containers: [ContainerMachine]
  private var stage = Stage.new
  private let pace: Pace
  private var mountFailures = 0
  // When the grace ends; nil until the pod's end has begun.
  private var endBy: Date?

  init(_ plan: PodPlan, pace: Pace = .measured, now: Date) {
    self.plan = plan
    self.pace = pace
    takenAt = now
    containers = plan.containers.map { ContainerMachine($0, of: plan, pace: pace) }
  }

  /// Whether the pod's end has begun.
  var isEnding: Bool { endBy != nil }

  /// Whether it has come to its end: no container runs, and none will.
  var hasEnded: Bool {
    switch stage {
    case .completed, .ended, .removed: true
    default: false
    }
  }

  /// Whether its network is there and its volumes are mounted.
  var isPrepared: Bool { stage == .running }

  /// Whether no container of it was ever started.
  var neverRan: Bool { !containers.contains(where: \.hasRun) }

  /// Whether every container that comes first has done what the others wait for.
  var isInitialized: Bool { containers.allSatisfy { $0.plan.role == .main || $0.lets } }

  /// Whether traffic may come: each container that goes on running is ready.
  var isReady: Bool { containers.allSatisfy { $0.plan.role == .initial || $0.isReady } && isInitialized }

  /// When the next `tick` is wanted, if nothing else happens before.
  var deadline: Date? {
    switch stage {
    case .new: takenAt
    case .creating(let at), .remounting(let at), .ended(let at): at
    case .mounting, .completed, .removed: nil
    case .running: containers.compactMap(\.deadline).min()
    }
  }

  /// Takes what happened and returns what to do, in order.
  mutating func handle(_ event: Event, now: Date) -> [Action] {
    switch event {
    case .tick: tick(now) + advance(now)
    case .mounted: mounted() + advance(now)
    case .mountFailed(let message): mountFailed(message, now)
    case .container(let index, let event): lead(index, event, now) + advance(now)
    case .deletion(let grace): deletion(grace, now) + advance(now)
    }
  }

  private mutating func tick(_ now: Date) -> [Action] {
    switch stage {
    case .new:
      stage = .creating(until: now.addingTimeInterval(pace.creation))
      return []
    case .creating(let at) where at <= now, .remounting(let at) where at <= now:
      stage = .mounting
      return [.mount]
    case .ended(let at) where at <= now:
      stage = .removed
      return [.remove]
    case .running:
      return containers.indices.flatMap { index in
        containers[index].deadline.map { $0 <= now } == true ? lead(index, .tick, now) : []
      }
    default: return []
    }
  }

  private mutating func mounted() -> [Action] {
    if stage == .mounting { stage = .running }
    return []
  }

  private mutating func mountFailed(_ message: String, _ now: Date) -> [Action] {
    guard stage == .mounting else { return [] }
    mountFailures += 1
    stage = .remounting(at: now.addingTimeInterval(min(0.5 * Double(1 << min(mountFailures, 8)), 122)))
    return [.report(Report(type: "Warning", reason: "FailedMount", message: message))]
  }

  private mutating func lead(_ index: Int, _ event: ContainerMachine.Event, _ now: Date) -> [Action] {
    guard containers.indices.contains(index) else { return [] }
    return containers[index].handle(event, now: now).map { .container(index, $0) }
  }

  // MARK: What follows

  private mutating func advance(_ now: Date) -> [Action] {
    switch stage {
    case .running: endBy == nil ? beginNext(now) : endRest(now)
    case .completed: endBy == nil ? [] : endRest(now)
    default: []
    }
  }

  private mutating func beginNext(_ now: Date) -> [Action] {
    for index in containers.indices where containers[index].plan.role != .main {
      if containers[index].stage == .idle { return lead(index, .begin, now) }
      if let code = containers[index].finalCode, code != 0 { return finish(now) }
      guard containers[index].lets else { return [] }
    }
    let waiting = containers.indices.filter { containers[$0].stage == .idle }
    let actions = waiting.flatMap { lead($0, .begin, now) }
    let isOver = containers.allSatisfy { $0.plan.role != .main || $0.isDone }
    return actions + (isOver ? finish(now) : [])
  }

  // Each main container has ended for good, or an initial one failed: sidecars end too, and nothing begins any more.
  private mutating func finish(_ now: Date) -> [Action] {
    let end = now.addingTimeInterval(Double(plan.grace))
    var actions: [Action] = []
    for index in containers.indices where containers[index].stopBy == nil && !containers[index].isDone {
      actions += lead(index, .stop(by: end), now)
    }
    if containers.allSatisfy(\.isDone) { stage = .completed }
    return actions
  }

  private mutating func deletion(_ seconds: Int, _ now: Date) -> [Action] {
    let end = now.addingTimeInterval(Double(seconds))
    switch stage {
    case .ended, .removed: return []
    case .new, .creating, .mounting, .remounting: stage = .running
    case .running, .completed: break
    }
    endBy = min(endBy ?? end, end)
    return []
  }

  // The main containers end at once, sidecars after them, and the pod when none is left.
  private mutating func endRest(_ now: Date) -> [Action] {
    guard let endBy else { return [] }
    var actions: [Action] = []
    let isMainDone = containers.allSatisfy { $0.plan.role == .sidecar || $0.isDone }
    for index in containers.indices where !containers[index].isDone {
      guard containers[index].plan.role != .sidecar || isMainDone else { continue }
      // Nothing waits for what never began.
      if containers[index].stopBy.map({ endBy < $0 }) ?? true { actions += lead(index, .stop(by: endBy), now) }
    }
    if containers.contains(where: { !$0.isDone }) {
      return containers.allSatisfy { $0.plan.role == .sidecar || $0.isDone } && !isMainDone
        ? actions + endRest(now) : actions
    }
    stage = .ended(removeAt: now.addingTimeInterval(Self.removalDelay))
    return actions + (neverRan ? [] : [.silenceAddress])
  }
}

extension ContainerMachine {
  /// Whether it lets those after it begin: an initial one has succeeded, a sidecar has started.
  var lets: Bool {
    switch plan.role {
    case .initial: finalCode == 0
    case .sidecar: isStarted
    case .main: true
    }
  }
}
