import FoundationEssentials
import Glibc

/// The life of one container: its image, its starts, its probes and hooks, and its end.
///
/// Pure, as ``PodMachine`` is, which leads it: what happened comes in with the time, what to do comes out, and
/// ``deadline`` says when it wants to be called next.
struct ContainerMachine: Sendable {
  /// What happened.
  enum Event: Sendable, Equatable {
    /// Time has passed.
    case tick
    /// The pod wants it to run from now on.
    case begin
    /// Its process runs.
    case started
    /// It could not be started: reason and message as in a container's status.
    case startFailed(reason: String, message: String)
    /// Its process ended with this exit code, or was killed for its memory.
    case exited(Int32, outOfMemory: Bool = false)
    /// A probe came back: nil for success, else what was wrong.
    case probed(ContainerPlan.ProbeKind, failure: String?)
    /// A hook ended; whether it failed.
    case hookEnded(ContainerPlan.HookKind, failed: Bool)
    /// It is to end for good, and by that time at the latest.
    case stop(by: Date)
  }

  /// What to do.
  enum Action: Sendable, Equatable {
    case start
    case probe(ContainerPlan.ProbeKind)
    case runHook(ContainerPlan.HookKind)
    case signal(Int32)
    /// Write an Event about it.
    case report(PodMachine.Report)
  }

  /// What it does, as its status shows it.
  enum State: Sendable, Equatable {
    case waiting(reason: String, message: String?)
    case running(since: Date)
    case terminated(Termination)
  }

  /// How it ended.
  struct Termination: Sendable, Equatable {
    var exitCode: Int32
    var reason: String
    var message: String?
    var startedAt: Date?
    var finishedAt: Date?
  }

  enum Stage: Sendable, Equatable {
    case idle
    case pulling(at: Date)
    /// It could not be started, and will be tried again.
    case retrying(at: Date)
    case starting
    case postStart
    case running
    case restarting(at: Date)
    case preStop
    case terminating
    case done
  }

  static let longestBackOff = 300.0
  // One that ran this long begins its back-off anew.
  static let goodRun = 600.0
  // Which pod it is of, in the words of messages.
  let pod: (namespace: String, name: String, uid: String)
  let plan: ContainerPlan
  let image: Image?
  let restartPolicy: PodPlan.RestartPolicy
  let podGrace: Int
  let pace: Pace
  var state = State.waiting(reason: "ContainerCreating", message: nil)
  var lastTermination: Termination?
  var restarts = 0
  var isReady = false
  /// Whether it runs and its startup probe, if there is one, has succeeded.
  var isStarted = false
  var stage = Stage.idle
  var probes: [ContainerPlan.ProbeKind: ProbeState] = [:]
  var backOff = 0.0
  var pulls = 0
  var showBackOffAt: Date?
  // When SIGKILL is due: set while it is being stopped.
  var killAt: Date?
  // Set once it is to end for good.
  var stopBy: Date?

  init(_ plan: ContainerPlan, of pod: PodPlan, pace: Pace) {
    self.plan = plan
    self.pod = (pod.namespace, pod.name, pod.uid)
    self.pace = pace
    image = Image.named(plan.image)
    podGrace = pod.grace
    restartPolicy =
      switch plan.role {
      case .main: pod.restartPolicy
      case .initial: pod.restartPolicy == .never ? .never : .onFailure
      case .sidecar: .always
      }
    if pod.containers.first?.role != .main, plan.role == .main {
      state = .waiting(reason: "PodInitializing", message: nil)
    }
  }

  /// Whether it will not run again.
  var isDone: Bool { stage == .done }

  /// Whether a process of it was ever started.
  var hasRun: Bool {
    switch state {
    case .waiting: lastTermination != nil
    case .running: true
    case .terminated(let termination): termination.startedAt != nil
    }
  }

  /// The exit code with which it is done; nil before.
  var finalCode: Int32? {
    guard stage == .done, case .terminated(let termination) = state else { return nil }
    return termination.exitCode
  }

  /// When the next `tick` is wanted, if nothing else happens before.
  var deadline: Date? {
    let stageDue: Date? =
      switch stage {
      case .pulling(let at), .retrying(let at), .restarting(let at): at
      case .idle, .starting, .postStart, .running, .preStop, .terminating, .done: nil
      }
    let probesDue = stage == .running ? activeProbes.compactMap { probes[$0]?.due } : []
    return ([stageDue, killAt, showBackOffAt].compactMap(\.self) + probesDue).min()
  }

  /// Takes what happened and returns what to do, in order.
  mutating func handle(_ event: Event, now: Date) -> [Action] {
    switch event {
    case .tick: tick(now)
    case .begin: stage == .idle ? obtain(now) : []
    case .started: started(now)
    case .startFailed(let reason, let message): startFailed(reason, message, now)
    case .exited(let code, let outOfMemory): exited(code, outOfMemory, now)
    case .probed(let kind, let failure): probed(kind, failure, now)
    case .hookEnded(let kind, let failed): kind == .preStop ? preStopEnded(failed, now) : postStartEnded(failed, now)
    case .stop(let by): stop(by, now)
    }
  }

  func report(_ reason: String, _ message: String, warning: Bool = false) -> Action {
    .report(
      PodMachine.Report(
        type: warning ? "Warning" : "Normal", reason: reason, message: message, fieldPath: plan.fieldPath))
  }

  private mutating func tick(_ now: Date) -> [Action] {
    if let showBackOffAt, showBackOffAt <= now { return showBackOff() }
    if let killAt, killAt <= now { return killDue(now) }
    switch stage {
    case .pulling(let at) where at <= now, .retrying(let at) where at <= now: return obtain(now)
    case .restarting(let at) where at <= now:
      keepTermination()
      restarts += 1
      return obtain(now)
    case .running: return activeProbes.filter { probes[$0]?.take(now: now) == true }.map { .probe($0) }
    default: return []
    }
  }

  mutating func keepTermination() {
    if case .terminated(let termination) = state { lastTermination = termination }
  }

  /// A startup probe holds the others back until it has succeeded, and is not made again.
  var activeProbes: [ContainerPlan.ProbeKind] {
    probes[.startup] == nil ? [.readiness, .liveness] : [.startup]
  }
}
