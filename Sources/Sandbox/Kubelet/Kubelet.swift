import FoundationEssentials
import Glibc
import Logging

/// The only node's kubelet: takes every pod, runs its container as a process, and writes what becomes of it.
///
/// What to do is ``PodMachine``'s to decide; this actor is the one place that acts on it. An action that takes
/// time runs in a task of its own and delivers its result as an event.
actor Kubelet {
  private struct Pod {
    var machine: PodMachine
    var status = PodStatus()
    var address: String
    var child: ChildProcess?
    var published: JSON = .null
    // What an answer belongs to: the results of an earlier container's probes do not count for the next.
    var start = 0
  }

  private let store: ObjectStore
  private let runner: ContainerRunner
  private let hostAddress: String
  private let logger: Logger
  private var addresses: PodAddresses
  private var pods: [String: Pod] = [:]
  private var alarm: Task<Void, Never>?
  private var silences: [String: Task<Void, Never>] = [:]
  private var isStopping = false

  init(store: ObjectStore, runner: ContainerRunner, range: LoopbackRange, logger: Logger) {
    self.store = store
    self.runner = runner
    self.logger = logger
    hostAddress = range.api
    addresses = PodAddresses(range.pods)
  }

  /// Follows the store until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      // From nil the watch opens with all there is, so one that was cut off goes on without a gap.
      guard let events = try? store.watch(.pods) else { return }
      let current = Set(store.list(.pods).items.compactMap { $0["metadata", "uid"].string })
      for uid in pods.keys where !current.contains(uid) { abandon(uid) }
      for await event in events { take(event) }
    }
  }

  /// Ends every container at once: what they hold in hand goes with the sandbox anyway.
  func stop() async {
    isStopping = true
    alarm?.cancel()
    for silence in silences.values { silence.cancel() }
    for silence in silences.values { await silence.value }
    await withTaskGroup(of: Void.self) { group in
      for child in pods.values.compactMap(\.child) {
        group.addTask { await child.stop(SIGKILL, within: .seconds(2)) }
      }
    }
  }

  private func take(_ event: WatchEvent) {
    guard !isStopping, let plan = PodPlan(event.object) else { return }
    if event.kind == .deleted { return abandon(plan.uid) }
    let isMarked = event.object["metadata", "deletionTimestamp"].string != nil
    if pods[plan.uid] == nil {
      guard let address = addresses.take() else {
        return logger.error("no address is free for pod \(plan.name)")
      }
      pods[plan.uid] = Pod(machine: PodMachine(plan, now: store.now), address: address)
      _ = try? store.update(.pods, namespace: plan.namespace, name: plan.name) { pod in
        pod["spec", "nodeName"] = .string(PodStatus.node)
      }
      deliver(.tick, to: plan.uid)
    }
    if isMarked {
      let grace = event.object["metadata", "deletionGracePeriodSeconds"].int ?? plan.grace
      deliver(.deletion(grace: grace), to: plan.uid)
    }
  }

  // The object went without us, as by a deletion without grace: the process must not stay.
  private func abandon(_ uid: String) {
    guard let pod = pods.removeValue(forKey: uid) else { return }
    guard let child = pod.child else { return addresses.giveBack(pod.address) }
    child.send(SIGKILL)
    Task {
      _ = await child.ending
      silence(pod.address, pod.machine.plan.port)
    }
  }

  private func deliver(_ event: PodMachine.Event, to uid: String) {
    guard var pod = pods[uid], !isStopping else { return }
    let actions = pod.machine.handle(event, now: store.now)
    pods[uid] = pod
    for action in actions { perform(action, uid) }
    publish(uid)
    setAlarm()
  }

  private func setAlarm() {
    alarm?.cancel()
    guard let next = pods.values.compactMap(\.machine.deadline).min() else { return }
    let wait = max(0, next.timeIntervalSince(store.now))
    alarm = Task {
      try? await Task.sleep(for: .seconds(wait))
      if !Task.isCancelled { ring() }
    }
  }

  private func ring() {
    let now = store.now
    for (uid, pod) in pods {
      if let deadline = pod.machine.deadline, deadline <= now { deliver(.tick, to: uid) }
    }
    setAlarm()
  }

  private func publish(_ uid: String) {
    guard var pod = pods[uid] else { return }
    let plan = pod.machine.plan
    let status = pod.status.json(of: pod.machine, address: pod.address, node: hostAddress, now: store.now)
    if status != pod.published {
      pod.published = status
      _ = try? store.update(.pods, namespace: plan.namespace, name: plan.name) { object in
        guard object["metadata", "uid"].string == uid else { return }
        object["status"] = status
      }
    }
    pods[uid] = pod
  }
}

// MARK: - Actions

extension Kubelet {
  private func perform(_ action: PodMachine.Action, _ uid: String) {
    guard let pod = pods[uid] else { return }
    switch action {
    case .start: start(uid, pod)
    case .probe(let kind): probe(kind, uid, pod)
    case .runPreStop(let hook): runPreStop(hook, uid, pod)
    case .signal(let signal): pod.child?.send(signal)
    case .report(let report): PodEvents.write(report, about: pod.machine.plan, to: store)
    case .silenceAddress: silence(pod.address, pod.machine.plan.port)
    case .remove: remove(uid, pod)
    }
  }

  private func start(_ uid: String, _ pod: Pod) {
    let plan = pod.machine.plan
    pods[uid]?.start += 1
    guard let image = pod.machine.image,
      let object = store.get(.pods, namespace: plan.namespace, name: plan.name)
    else { return }
    let restart = pod.machine.restarts
    Task {
      do throws(ContainerRunner.Failure) {
        let child = try await runner.start(object, plan, image, pod.address, restart: restart)
        pods[uid]?.child = child
        if pods[uid] == nil || isStopping { child.send(SIGKILL) }
        deliver(.started, to: uid)
        let ending = await child.ending
        deliver(.exited(ending.exitCode), to: uid)
      } catch {
        deliver(.startFailed(reason: error.reason, message: error.message), to: uid)
      }
    }
  }

  private func probe(_ kind: PodPlan.ProbeKind, _ uid: String, _ pod: Pod) {
    guard let probe = pod.machine.plan.probes[kind] else { return }
    let start = pod.start
    Task {
      let failure = await HTTPProbe.failure(of: probe, at: pod.address)
      guard pods[uid]?.start == start else { return }
      deliver(.probed(kind, failure: failure), to: uid)
    }
  }

  private func runPreStop(_ hook: PodPlan.PreStop, _ uid: String, _ pod: Pod) {
    let plan = pod.machine.plan
    guard let image = pod.machine.image else { return }
    let object = store.get(.pods, namespace: plan.namespace, name: plan.name) ?? .null
    Task {
      let success = await runner.runPreStop(hook, object, plan, image, pod.address)
      deliver(.preStopEnded(failed: !success), to: uid)
    }
  }

  private func remove(_ uid: String, _ pod: Pod) {
    let plan = pod.machine.plan
    if pod.machine.neverRan { addresses.giveBack(pod.address) }
    pods[uid] = nil
    guard store.get(.pods, namespace: plan.namespace, name: plan.name)?["metadata", "uid"].string == uid else { return }
    store.remove(.pods, namespace: plan.namespace, name: plan.name)
  }

  // As measured on a real node: refused for 0.3 s, then silent. 30 s later nobody sends there any more.
  private func silence(_ address: String, _ port: UInt16) {
    silences[address] = Task {
      try? await Task.sleep(for: .milliseconds(300))
      let tombstone = Task.isCancelled ? nil : Tombstone(address: address, port: port)
      try? await Task.sleep(for: .seconds(30))
      withExtendedLifetime(tombstone) {}
      silences[address] = nil
      addresses.giveBack(address)
    }
  }
}
