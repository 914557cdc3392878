import FoundationEssentials
import Glibc
import Logging

/// The only node's kubelet: takes every pod that is assigned to it, runs its containers as processes, and writes what
/// becomes of them.
///
/// What to do is ``PodMachine``'s to decide; this actor is the one place that acts on it. An action that takes
/// time runs in a task of its own and delivers its result as an event.
actor Kubelet {
  struct Pod {
    var machine: PodMachine
    var status = PodStatus()
    var object: JSON
    var address: String
    var containers: [Container]
    // The folders of its volumes, once they are mounted.
    var volumes: [String: String] = [:]
    // Those of them on which no space is left.
    var fullVolumes: Set<String> = []
    var published: JSON = .null
  }

  struct Container {
    var child: ChildProcess?
    // What an answer belongs to: the results of an earlier start's probes do not count for the next.
    var start = 0
    var outOfMemory = false
    // Hooks that still run.
    var hooks: [Task<Void, Never>] = []
  }

  struct Silence {
    var task: Task<Void, Never>
    var tombstones: [Tombstone] = []
  }

  let store: ObjectStore
  let runner: ContainerRunner
  private let hostAddress: String
  private let node: SandboxNode
  let logger: Logger
  var addresses: PodAddresses
  var pods: [String: Pod] = [:]
  var silences: [String: Silence] = [:]
  // Pods that wait for an address.
  private var waiting: [String: WatchEvent] = [:]
  private var alarm: Task<Void, Never>?
  private(set) var isStopping = false
  private var pace: Pace

  /// Runs pods at the pace given, until another is set.
  init(
    store: ObjectStore, runner: ContainerRunner, range: LoopbackRange, logger: Logger,
    node: SandboxNode = .machine, pace: Pace = .measured
  ) {
    self.store = store
    self.runner = runner
    self.logger = logger
    self.node = node
    self.pace = pace
    hostAddress = range.api
    addresses = PodAddresses(range.pods)
  }

  /// From now on, pods start as quickly or slowly as this says; those that have begun go on as they are.
  func setPace(_ pace: Pace) { self.pace = pace }

  /// Follows the store until the task is cancelled.
  func run() async {
    _ = try? store.create(node.json(address: hostAddress, now: store.now), .nodes)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [store, node] in await Scheduler.run(store: store, node: node) }
      group.addTask { await self.followPods() }
      group.addTask { await self.followClaims() }
      group.addTask { await self.watchResources() }
    }
  }

  private func followPods() async {
    while !Task.isCancelled {
      // From nil the watch opens with all there is, so one that was cut off goes on without a gap.
      guard let events = try? store.watch(.pods) else { return }
      let current = Set(store.list(.pods).items.compactMap { $0["metadata", "uid"].string })
      for uid in pods.keys where !current.contains(uid) { abandon(uid) }
      for await event in events { take(event) }
    }
  }

  private func followClaims() async {
    while !Task.isCancelled {
      guard let events = try? store.watch(.persistentVolumeClaims) else { return }
      for await event in events where event.kind == .deleted { sweepClaims() }
    }
  }

  func sweepClaims() { runner.volumes.sweepClaims(usedBy: pods.values.map(\.object)) }

  /// Ends every container at once: what they hold in hand goes with the sandbox anyway.
  func stop() async {
    isStopping = true
    alarm?.cancel()
    for silence in silences.values { silence.task.cancel() }
    for silence in silences.values { await silence.task.value }
    await withTaskGroup(of: Void.self) { group in
      for pod in pods.values {
        for (index, container) in pod.containers.enumerated() {
          for hook in container.hooks { hook.cancel() }
          let signal = pod.machine.containers[index].image?.haltSignal ?? SIGKILL
          guard let child = container.child else { continue }
          group.addTask { await child.stop(signal, within: .seconds(2)) }
        }
      }
    }
  }

  private func take(_ event: WatchEvent) {
    guard !isStopping, let plan = PodPlan(event.object) else { return }
    if event.kind == .deleted { return abandon(plan.uid) }
    guard event.object["spec", "nodeName"].string == PodStatus.node else { return }
    if pods[plan.uid] == nil {
      guard let address = address(for: plan) else { return putOff(event, plan) }
      pods[plan.uid] = Pod(
        machine: PodMachine(plan, pace: pace, now: store.now), object: event.object, address: address,
        containers: plan.containers.map { _ in Container() })
      deliver(.tick, to: plan.uid)
    }
    if event.object["metadata", "deletionTimestamp"].string != nil {
      let grace = event.object["metadata", "deletionGracePeriodSeconds"].int ?? plan.grace
      deliver(.deletion(grace: grace), to: plan.uid)
    }
  }

  private func putOff(_ event: WatchEvent, _ plan: PodPlan) {
    if waiting.updateValue(event, forKey: plan.uid) != nil { return }
    let report = PodMachine.Report(
      type: "Warning", reason: "FailedCreatePodSandBox",
      message: "Failed to create pod sandbox: no address of the sandbox is free")
    write(report, about: plan)
  }

  /// Gives an address back, and with it a pod that waits for one its turn.
  func giveBack(_ address: String) {
    addresses.giveBack(address)
    guard let next = waiting.keys.sorted().first, let event = waiting.removeValue(forKey: next) else { return }
    take(event)
  }

  private func address(for plan: PodPlan) -> String? {
    guard plan.keepsAddress else { return addresses.take() }
    let name = "\(plan.namespace)/\(plan.name)"
    if let kept = addresses.kept(for: name) { endSilence(of: kept) }
    return addresses.take(keptFor: name)
  }

  // The object went without us, as by a deletion without grace: the processes must not stay.
  private func abandon(_ uid: String) {
    waiting[uid] = nil
    guard let pod = pods.removeValue(forKey: uid) else { return }
    let children = pod.containers.compactMap(\.child)
    for hook in pod.containers.flatMap(\.hooks) { hook.cancel() }
    for child in children { child.send(SIGKILL) }
    Task {
      for child in children { _ = await child.ending }
      runner.volumes.removePod(pod.object, pod.machine.plan)
      sweepClaims()
      if children.isEmpty { giveBack(pod.address) } else { silence(pod.address, pod.machine.plan.ports) }
    }
  }

  func deliver(_ event: PodMachine.Event, to uid: String) {
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
