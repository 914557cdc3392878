import Bench

/// The life of one pod, worked out from what was seen of it: each milestone with its moment.
///
/// A milestone's moment is that of the first sighting that shows it; what must have come before it and was not seen,
/// because nobody could see it, lies in the same interval. `unready` and those of the endpoints are taken back when the
/// pod serves again: they say when it stopped for good.
struct PodTimeline: Sendable {
  /// How late a watch told a mark on a busy machine: SIGTERM came up to a quarter of a second before.
  static let telling: Duration = .milliseconds(250)

  /// True for a pod that was there before the change.
  let isOld: Bool
  /// As it was seen last.
  private(set) var pod: Pod
  /// What it passed since the change began, and when.
  private(set) var times: [PodMilestone: Moment] = [:]
  /// Why its readiness probe fails, in the kubelet's words; nil when it was not said.
  private(set) var probeFailure: String?
  /// What it had passed before the change.
  private var past: Set<PodMilestone> = []
  /// Passed since `news()` was asked last.
  private var passed: [PodMilestone] = []
  private var wasListed = false
  /// True when a container ran when it was marked, or runs now.
  private var wasRunning = false
  /// When the kubelet said that it ends the containers.
  private var killing: Moment?

  /// A pod that was there before the change, which tells nothing of its past.
  init(old pod: Pod, endpoint: EndpointView.Standing, at: Moment) {
    self.init(pod, isOld: true)
    see(pod, at: at)
    see(endpoint, at: at)
    past = Set(times.keys)
    times = [:]
    passed = []
  }

  /// A pod that was seen for the first time.
  init(new pod: Pod) {
    self.init(pod, isOld: false)
  }

  private init(_ pod: Pod, isOld: Bool) {
    self.pod = pod
    self.isOld = isOld
  }

  /// True when the API server does not have it any more.
  var isGone: Bool { times[.gone] != nil }

  /// True while it is there and counts as a replica, be it on its way out.
  var isPresent: Bool { !isGone && !pod.hasEnded }

  /// True after this milestone, whenever it was.
  func hasPassed(_ milestone: PodMilestone) -> Bool { times[milestone] != nil || past.contains(milestone) }

  /// True when an EndpointSlice has it as ready, or has had it so.
  var isServing: Bool { hasPassed(.endpointReady) }

  /// True when the Services, which come to know it last, have nothing more to tell of it for now.
  var isTold: Bool { isGone ? !wasListed || hasPassed(.endpointRemoved) : !pod.isReady || isServing }

  /// What it passed since this was asked last, in order.
  mutating func news() -> [PodMilestone] {
    defer { passed = [] }
    return passed
  }

  // MARK: Sightings

  /// The pod is like this.
  mutating func see(_ pod: Pod, at: Moment) {
    guard !isGone else { return }
    self.pod = pod
    if !isOld { pass(.created, at) }
    if pod.isScheduled { pass(.scheduled, at) }
    if pod.hasStarted { pass(.started, at) }
    if pod.isReady { pass(.ready, readiness(seen: at)) }
    if pod.isRunning { wasRunning = true } else if !pod.isMarked { wasRunning = false }
    if pod.isMarked { see(markAt: at) }
    if pod.isMarked, wasRunning, !pod.isRunning { settleTermination(endedAt: at) }
    if pod.isReady { takeBack(.unready) } else if hasPassed(.ready) { pass(.unready, at) }
  }

  /// Pods and Services are watched on two connections: a Service may have told already that it sends requests to a pod
  /// whose own word of it was lost when one of them broke, or comes late on a busy machine.
  ///
  /// A second is longer than any of that; what a Service tells still earlier it tells of pods that are not ready, too.
  private func readiness(seen at: Moment) -> Moment {
    guard let told = times[.endpointReady] else { return at }
    guard at.isExact else { return Moment(after: min(at.earliest, told.earliest), until: at.latest) }
    return told.latest < at.earliest && at.earliest - told.latest < .seconds(1) ? told : at
  }

  /// The pod is not there any more; all that comes before has happened by then.
  mutating func see(goneAt at: Moment) {
    guard !isGone else { return }
    see(markAt: at)
    settleTermination(endedAt: at)
    if hasPassed(.ready) { pass(.unready, at) }
    pass(.gone, at)
  }

  /// It stands so with the Services.
  mutating func see(_ standing: EndpointView.Standing, at: Moment) {
    if standing == .ready {
      pass(.endpointReady, at)
      takeBack(.endpointUnready)
    } else if hasPassed(.endpointReady) {
      pass(.endpointUnready, at)
    }
    if standing != .absent {
      wasListed = true
      takeBack(.endpointRemoved)
    } else if wasListed {
      pass(.endpointRemoved, at)
    }
  }

  /// An Event about it was told.
  mutating func see(_ event: ClusterEvent, at: Moment) {
    switch event.reason {
    // The kubelet kills also what fails its liveness probe, long before the mark.
    case "Killing" where killing == nil || !pod.isMarked: killing = at
    case "Unhealthy": probeFailure = event.message
    default: break
    }
  }

  // MARK: The end

  private mutating func see(markAt at: Moment) {
    guard !hasPassed(.marked) else { return }
    pass(.marked, at)
    // Event and mark are told on two connections: either may be the first.
    if let told = killing, told.latest + Self.telling < at.earliest { killing = nil }
  }

  /// Works out when SIGTERM came, now that the containers have ended.
  ///
  /// It follows the mark, which may have been told late, and the preStop hook; the kubelet says `Killing` before the
  /// hook. A hook that sleeps has a length; of any other only the containers' end is known to be after it.
  private mutating func settleTermination(endedAt ended: Moment) {
    guard wasRunning, let marked = times[.marked], !hasPassed(.sigterm) else { return }
    let hooks = pod.spec.containers.map(\.lifecycle?.preStop)
    let sleeps = hooks.map { Duration.seconds($0?.sleep?.seconds ?? 0) }
    let told = min(marked.earliest, killing?.earliest ?? marked.earliest)
    let earliest = told + (.zero - Self.telling) + (sleeps.min() ?? .zero)
    var latest = ended.latest
    if let killing, hooks.allSatisfy({ $0 == nil || $0?.sleep != nil }) {
      let sleep = sleeps.max() ?? .zero
      latest = min(latest, killing.latest + sleep + (sleep > .zero ? Self.telling : .zero))
    }
    pass(.sigterm, Moment(after: min(earliest, latest), until: latest))
  }

  private mutating func pass(_ milestone: PodMilestone, _ at: Moment) {
    guard !hasPassed(milestone) else { return }
    times[milestone] = at
    passed.append(milestone)
  }

  private mutating func takeBack(_ milestone: PodMilestone) {
    times[milestone] = nil
    past.remove(milestone)
  }
}

extension Pod {
  /// True when a node was chosen for it.
  fileprivate var isScheduled: Bool { status?.conditions?.condition("PodScheduled")?.status == "True" }

  /// True when a container runs.
  fileprivate var isRunning: Bool { status?.containerStatuses?.contains { $0.state?.running != nil } ?? false }

  /// True when every container runs or has run; one that could not be started has an end without having run.
  fileprivate var hasStarted: Bool {
    guard let containers = status?.containerStatuses, containers.count >= spec.containers.count else { return false }
    return containers.allSatisfy { container in
      container.state?.running != nil || container.state?.terminated?.hasRun == true
        || container.lastState?.terminated?.hasRun == true
    }
  }
}

extension Pod.ContainerStatus.State.Terminated {
  fileprivate var hasRun: Bool { ["Completed", "Error", "OOMKilled"].contains(reason) }
}
