import FoundationEssentials
import Glibc

/// What the kubelet does for its pods: each action of their machines.
extension Kubelet {
  func perform(_ action: PodMachine.Action, _ uid: String) {
    guard let pod = pods[uid] else { return }
    switch action {
    case .mount: mount(uid, pod)
    case .container(let index, let action): perform(action, index, uid, pod)
    case .report(let report): write(report, about: pod.machine.plan)
    case .silenceAddress: silence(pod.address, pod.machine.plan.ports)
    case .remove: remove(uid, pod)
    }
  }

  private func perform(_ action: ContainerMachine.Action, _ index: Int, _ uid: String, _ pod: Pod) {
    switch action {
    case .start: start(index, uid)
    case .probe(let kind): probe(kind, index, uid)
    case .runHook(let kind): runHook(kind, index, uid)
    case .signal(let signal): pod.containers[index].child?.send(signal)
    case .report(let report): write(report, about: pod.machine.plan)
    }
  }

  func write(_ report: PodMachine.Report, about plan: PodPlan) {
    let subject = PodEvents.Subject(namespace: plan.namespace, name: plan.name, uid: plan.uid)
    PodEvents.write(report, about: subject, to: store)
  }

  private func mount(_ uid: String, _ pod: Pod) {
    do throws(VolumeFolders.Failure) {
      pods[uid]?.volumes = try runner.volumes.mount(pod.object)
      deliver(.mounted, to: uid)
    } catch {
      deliver(.mountFailed(error.message), to: uid)
    }
  }

  // Nil for a container whose image nobody has.
  private func target(_ index: Int, _ uid: String) -> ContainerTarget? {
    guard let pod = pods[uid], let image = pod.machine.containers[index].image else { return nil }
    return ContainerTarget(
      pod: pod.object, plan: pod.machine.plan, index: index, image: image, address: pod.address, volumes: pod.volumes)
  }

  /// A container that runs, for commands in it; the pod's first main one if none is named, nil if there is none such.
  func runningContainer(_ name: String? = nil, ofPod uid: String) -> ContainerTarget? {
    guard let pod = pods[uid] else { return nil }
    let index = pod.machine.plan.containers.firstIndex { name.map($0.name.elementsEqual) ?? ($0.role == .main) }
    guard let index, pod.containers[index].child?.endingSoFar == nil, pod.containers[index].child != nil else {
      return nil
    }
    return target(index, uid)
  }

  private func start(_ index: Int, _ uid: String) {
    guard let target = target(index, uid), let pod = pods[uid] else { return }
    pods[uid]?.containers[index].start += 1
    pods[uid]?.containers[index].outOfMemory = false
    let restart = pod.machine.containers[index].restarts
    Task {
      do throws(ContainerRunner.Failure) {
        let child = try await runner.start(target, restart: restart)
        pods[uid]?.containers[index].child = child
        if pods[uid] == nil || isStopping { child.send(SIGKILL) }
        deliver(.container(index, .started), to: uid)
        let ending = await child.ending
        ended(ending, index, uid)
      } catch {
        deliver(.container(index, .startFailed(reason: error.reason, message: error.message)), to: uid)
      }
    }
  }

  private func ended(_ ending: ChildProcess.Ending, _ index: Int, _ uid: String) {
    guard let container = pods[uid]?.containers[index] else { return }
    for hook in container.hooks { hook.cancel() }
    pods[uid]?.containers[index].hooks = []
    let outOfMemory = container.outOfMemory && ending == .signaled(SIGKILL)
    deliver(.container(index, .exited(ending.exitCode, outOfMemory: outOfMemory)), to: uid)
  }

  private func probe(_ kind: ContainerPlan.ProbeKind, _ index: Int, _ uid: String) {
    guard let target = target(index, uid), let probe = target.container.probes[kind] else { return }
    let start = pods[uid]?.containers[index].start
    Task {
      let failure = await ContainerProbe.failure(of: probe, in: target, by: runner)
      guard pods[uid]?.containers[index].start == start else { return }
      deliver(.container(index, .probed(kind, failure: failure)), to: uid)
    }
  }

  private func runHook(_ kind: ContainerPlan.HookKind, _ index: Int, _ uid: String) {
    guard let target = target(index, uid), let hook = target.container.hooks[kind] else { return }
    let task = Task {
      let success = await runner.runHook(hook, in: target)
      if !Task.isCancelled { deliver(.container(index, .hookEnded(kind, failed: !success)), to: uid) }
    }
    pods[uid]?.containers[index].hooks.append(task)
  }

  private func remove(_ uid: String, _ pod: Pod) {
    let plan = pod.machine.plan
    if pod.machine.neverRan { giveBack(pod.address) }
    pods[uid] = nil
    runner.volumes.removePod(pod.object, plan)
    sweepClaims()
    guard store.get(.pods, namespace: plan.namespace, name: plan.name)?["metadata", "uid"].string == uid else { return }
    store.remove(.pods, namespace: plan.namespace, name: plan.name)
  }

  // MARK: Silence

  // As measured on a real node: refused for 0.3 s, then silent. 30 s later nobody sends there any more.
  func silence(_ address: String, _ ports: [UInt16]) {
    guard silences[address] == nil else { return }
    let task = Task {
      try? await Task.sleep(for: .milliseconds(300))
      if !Task.isCancelled {
        silences[address]?.tombstones = ports.compactMap { Tombstone(address: address, port: $0) }
        try? await Task.sleep(for: .seconds(30))
      }
      if !Task.isCancelled { endSilence(of: address) }
    }
    silences[address] = Silence(task: task)
  }

  /// Makes an address free again, if it is silent.
  func endSilence(of address: String) {
    guard let silence = silences.removeValue(forKey: address) else { return }
    silence.task.cancel()
    giveBack(address)
  }
}
