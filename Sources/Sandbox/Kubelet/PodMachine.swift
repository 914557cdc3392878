import FoundationEssentials
import Glibc

/// The life of one pod as the kubelet leads it, from its assignment to the removal of its object.
///
/// Pure: what happened comes in with the time, what to do comes out, and ``deadline`` says when it wants to be
/// called next. ``Kubelet`` is the one place that acts. What users see of it is ``PodStatus``'s work.
struct PodMachine: Sendable {
  /// What happened.
  enum Event: Sendable, Equatable {
    /// Time has passed.
    case tick
    /// The container's process runs.
    case started
    /// It could not be started: reason and message as in a container's status.
    case startFailed(reason: String, message: String)
    /// Its process ended with this exit code.
    case exited(Int32)
    /// A probe came back: nil for success, else what was wrong.
    case probed(PodPlan.ProbeKind, failure: String?)
    /// The pod is to end within this many seconds.
    case deletion(grace: Int)
    /// The preStop hook ended; whether it failed.
    case preStopEnded(failed: Bool)
  }

  /// What to do.
  enum Action: Sendable, Equatable {
    case start
    case probe(PodPlan.ProbeKind)
    case runPreStop(PodPlan.PreStop)
    case signal(Int32)
    /// Write an Event about the pod.
    case report(Report)
    /// The process is gone for good: its address falls silent.
    case silenceAddress
    /// Take the pod's object out of the store.
    case remove
  }

  /// An Event about the pod, with Kubernetes' words.
  struct Report: Sendable, Equatable {
    var type = "Normal"
    var reason: String
    var message: String
    /// Whether it is about the container, not the pod.
    var ofContainer = true
  }

  /// What the container does, as its status shows it.
  enum Container: Sendable, Equatable {
    case waiting(reason: String, message: String?)
    case running(since: Date)
    case terminated(Termination)
  }

  /// How a container ended.
  struct Termination: Sendable, Equatable {
    var exitCode: Int32
    var reason: String
    var message: String?
    var startedAt: Date?
    var finishedAt: Date?
  }

  private enum Stage: Sendable, Equatable {
    case new
    case creating(until: Date)
    case pulling(at: Date)
    case starting
    case running
    case restarting(at: Date)
    case preStop
    case terminating
    case ended(removeAt: Date)
    case removed
  }

  // From the pod's creation to its container's start, or first pull: measured, a median of 1.3 s. A node makes the
  // pod's network and mounts in that time, and without it rollouts here would be quicker than any real one.
  static let creationDelay = 1.3
  // From the container's end to the removal of the object: measured, a median of 0.5 s.
  static let removalDelay = 0.45
  private static let longestBackOff = 300.0
  // A container that ran this long begins its back-off anew.
  private static let goodRun = 600.0

  let plan: PodPlan
  let image: Image?
  /// When the pod was taken.
  let takenAt: Date
  private(set) var container = Container.waiting(reason: "ContainerCreating", message: nil)
  private(set) var lastTermination: Termination?
  private(set) var restarts = 0
  private(set) var isReady = false
  private var stage = Stage.new
  private var probes: [PodPlan.ProbeKind: ProbeState] = [:]
  private var backOff = 0.0
  private var pulls = 0
  private var showBackOffAt: Date?
  // When SIGKILL is due: set while the container is being stopped.
  private var killAt: Date?
  private var grace: Int?

  init(_ plan: PodPlan, now: Date) {
    self.plan = plan
    image = Image.named(plan.image)
    takenAt = now
  }

  /// Whether the pod's end has begun.
  var isEnding: Bool { grace != nil }

  /// Whether it has come to its end: no container runs, and none will.
  var hasEnded: Bool {
    switch stage {
    case .ended, .removed: true
    default: false
    }
  }

  /// Whether no container of it was ever started.
  var neverRan: Bool {
    if case .terminated(let termination) = container { return termination.startedAt == nil && lastTermination == nil }
    return lastTermination == nil
  }

  /// When the next `tick` is wanted, if nothing else happens before.
  var deadline: Date? {
    let stageDue: Date? =
      switch stage {
      case .new: takenAt
      case .creating(let at), .pulling(let at), .restarting(let at), .ended(let at): at
      case .starting, .running, .preStop, .terminating, .removed: nil
      }
    let probesDue = stage == .running ? activeProbes.compactMap { probes[$0]?.due } : []
    return ([stageDue, killAt, showBackOffAt].compactMap(\.self) + probesDue).min()
  }

  /// Takes what happened and returns what to do, in order.
  mutating func handle(_ event: Event, now: Date) -> [Action] {
    switch event {
    case .tick: tick(now)
    case .started: started(now)
    case .startFailed(let reason, let message): startFailed(reason, message, now)
    case .exited(let code): exited(code, now)
    case .probed(let kind, let failure): probed(kind, failure, now)
    case .deletion(let grace): deletion(grace, now)
    case .preStopEnded(let failed): preStopEnded(failed, now)
    }
  }
}

// MARK: - Start

extension PodMachine {
  private mutating func tick(_ now: Date) -> [Action] {
    if let showBackOffAt, showBackOffAt <= now { return showBackOff() }
    if let killAt, killAt <= now { return killDue(now) }
    switch stage {
    case .new: return taken(now)
    case .creating(let at) where at <= now: return image == nil ? pull(now) : begin()
    case .pulling(let at) where at <= now: return pull(now)
    case .restarting(let at) where at <= now:
      if case .terminated(let termination) = container { lastTermination = termination }
      restarts += 1
      return begin()
    case .running: return activeProbes.filter { probes[$0]?.take(now: now) == true }.map { .probe($0) }
    case .ended(let at) where at <= now:
      stage = .removed
      return [.remove]
    default: return []
    }
  }

  private mutating func taken(_ now: Date) -> [Action] {
    let scheduled = Report(
      reason: "Scheduled", message: "Successfully assigned \(plan.namespace)/\(plan.name) to \(PodStatus.node)",
      ofContainer: false)
    stage = .creating(until: now.addingTimeInterval(Self.creationDelay))
    return [.report(scheduled)]
  }

  private mutating func begin() -> [Action] {
    stage = .starting
    let message = "Container image \"\(plan.image)\" already present on machine and can be accessed by the pod"
    return [.report(Report(reason: "Pulled", message: message)), .start]
  }

  // No registry has it: what containerd says then.
  private var pullFailure: String {
    let name = Image.fullName(plan.image)
    return "failed to pull and unpack image \"\(name)\": failed to resolve reference \"\(name)\": \(name): not found"
  }

  private mutating func pull(_ now: Date) -> [Action] {
    pulls += 1
    let delay = min(10 * Double(1 << min(pulls - 1, 5)), Self.longestBackOff)
    stage = .pulling(at: now.addingTimeInterval(delay))
    showBackOffAt = now.addingTimeInterval(2)
    container = .waiting(reason: "ErrImagePull", message: pullFailure)
    return [
      .report(Report(reason: "Pulling", message: "Pulling image \"\(plan.image)\"")),
      .report(
        Report(
          type: "Warning", reason: "Failed", message: "Failed to pull image \"\(plan.image)\": \(pullFailure)")),
      .report(Report(type: "Warning", reason: "Failed", message: "Error: ErrImagePull")),
    ]
  }

  // The status tells of a back-off only some time after what led to it.
  private mutating func showBackOff() -> [Action] {
    showBackOffAt = nil
    if case .pulling = stage {
      let backOff = "Back-off pulling image \"\(plan.image)\""
      container = .waiting(reason: "ImagePullBackOff", message: "\(backOff): ErrImagePull: \(pullFailure)")
      return [
        .report(Report(reason: "BackOff", message: backOff)),
        .report(Report(type: "Warning", reason: "Failed", message: "Error: ImagePullBackOff")),
      ]
    }
    guard case .restarting = stage, case .terminated(let termination) = container else { return [] }
    lastTermination = termination
    let pod = "\(plan.name)_\(plan.namespace)(\(plan.uid))"
    container = .waiting(
      reason: "CrashLoopBackOff",
      message: "back-off \(Int(backOff))s restarting failed container=\(plan.container) pod=\(pod)")
    let message = "Back-off restarting failed container \(plan.container) in pod \(pod)"
    return [.report(Report(type: "Warning", reason: "BackOff", message: message))]
  }

  private mutating func started(_ now: Date) -> [Action] {
    container = .running(since: now)
    stage = .running
    probes = plan.probes.mapValues { ProbeState($0, startedAt: now) }
    isReady = plan.probes[.readiness] == nil
    let reports: [Action] = [
      .report(Report(reason: "Created", message: "Container created")),
      .report(Report(reason: "Started", message: "Container started")),
    ]
    return reports + (isEnding ? stop(now) : [])
  }

  private mutating func startFailed(_ reason: String, _ message: String, _ now: Date) -> [Action] {
    guard !isEnding else { return endWithoutContainer(now) }
    container = .waiting(reason: reason, message: message)
    stage = .restarting(at: now.addingTimeInterval(5))
    restarts -= restarts > 0 ? 1 : 0  // the restart that did not happen
    return [.report(Report(type: "Warning", reason: "Failed", message: "Error: \(message)"))]
  }

  // A startup probe holds the others back until it has succeeded, and is not made again.
  private var activeProbes: [PodPlan.ProbeKind] {
    probes[.startup] == nil ? [.readiness, .liveness] : [.startup]
  }

  private mutating func probed(_ kind: PodPlan.ProbeKind, _ failure: String?, _ now: Date) -> [Action] {
    guard stage == .running, let change = probes[kind]?.result(failure == nil, now: now) else { return [] }
    var actions: [Action] = []
    if let failure {
      let message = "\(kind.rawValue) probe failed: \(failure)"
      actions.append(.report(Report(type: "Warning", reason: "Unhealthy", message: message)))
    }
    switch (kind, change) {
    case (.readiness, .succeeded): isReady = true
    case (.readiness, .failed): isReady = false
    case (.startup, .succeeded): probes[.startup] = nil
    case (.liveness, .failed), (.startup, .failed):
      let message = "Container \(plan.container) failed \(kind.rawValue.lowercased()) probe, will be restarted"
      actions.append(.report(Report(reason: "Killing", message: message)))
      actions += beginStop(now, grace: plan.grace)
    default: break
    }
    return actions
  }
}

// MARK: - End

extension PodMachine {
  private mutating func deletion(_ seconds: Int, _ now: Date) -> [Action] {
    guard grace.map({ seconds < $0 }) ?? true, !hasEnded else { return [] }
    let isFirst = grace == nil
    grace = seconds
    guard isFirst else {
      killAt = killAt.map { min($0, now.addingTimeInterval(Double(seconds))) }
      return []
    }
    switch stage {
    case .new, .creating, .pulling, .restarting: return endWithoutContainer(now)
    case .running: return stop(now)
    // A start or a stop that is under way comes first.
    default: return []
    }
  }

  private mutating func stop(_ now: Date) -> [Action] {
    let message = "Stopping container \(plan.container)"
    return [.report(Report(reason: "Killing", message: message))] + beginStop(now, grace: grace ?? plan.grace)
  }

  // The grace covers the hook and the program's own end.
  private mutating func beginStop(_ now: Date, grace: Int) -> [Action] {
    killAt = now.addingTimeInterval(Double(grace))
    guard let preStop = plan.preStop, grace > 0 else { return terminate(now) }
    stage = .preStop
    return [.runPreStop(preStop)]
  }

  private mutating func preStopEnded(_ failed: Bool, _ now: Date) -> [Action] {
    guard stage == .preStop else { return [] }
    let report = Report(type: "Warning", reason: "FailedPreStopHook", message: "PreStopHook failed")
    return (failed ? [.report(report)] : []) + terminate(now)
  }

  // Kubernetes leaves at least 2 s after the hook, however long that took.
  private mutating func terminate(_ now: Date) -> [Action] {
    stage = .terminating
    killAt = max(killAt ?? now, now.addingTimeInterval(2))
    return [.signal(SIGTERM)]
  }

  private mutating func killDue(_ now: Date) -> [Action] {
    if stage == .preStop { return terminate(now) }
    killAt = nil
    return [.signal(SIGKILL)]
  }

  private mutating func exited(_ code: Int32, _ now: Date) -> [Action] {
    guard !hasEnded else { return [] }
    let startedAt: Date? = if case .running(let since) = container { since } else { nil }
    container = .terminated(
      Termination(
        exitCode: code, reason: code == 0 ? "Completed" : "Error", startedAt: startedAt, finishedAt: now))
    isReady = false
    killAt = nil
    probes = [:]
    if isEnding {
      stage = .ended(removeAt: now.addingTimeInterval(Self.removalDelay))
      return [.silenceAddress]
    }
    if let startedAt, now.timeIntervalSince(startedAt) > Self.goodRun { backOff = 0 }
    // The first restart comes at once; then 10 s, 20 s ...
    let delay = restarts == 0 ? 0 : min(max(10, backOff * 2), Self.longestBackOff)
    backOff = delay
    stage = .restarting(at: now.addingTimeInterval(delay))
    showBackOffAt = delay > 0 ? now.addingTimeInterval(1) : nil
    return []
  }

  private mutating func endWithoutContainer(_ now: Date) -> [Action] {
    let message = "The container could not be located when the pod was terminated"
    container = .terminated(Termination(exitCode: 137, reason: "ContainerStatusUnknown", message: message))
    isReady = false
    killAt = nil
    showBackOffAt = nil
    stage = .ended(removeAt: now.addingTimeInterval(Self.removalDelay))
    return []
  }
}
