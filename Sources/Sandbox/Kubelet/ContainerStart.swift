import FoundationEssentials

/// The first half of a container's life: its image, its start, its probes.
extension ContainerMachine {
  mutating func obtain(_ now: Date) -> [Action] {
    guard image != nil else { return plan.neverPull ? refuseToPull(now) : pull(now) }
    stage = .starting
    if plan.alwaysPull {
      return [
        report("Pulling", "Pulling image \"\(plan.image)\""),
        report("Pulled", "Successfully pulled image \"\(plan.image)\" in 0s (0s including waiting)"), .start,
      ]
    }
    let message = "Container image \"\(plan.image)\" already present on machine and can be accessed by the pod"
    return [report("Pulled", message), .start]
  }

  private mutating func refuseToPull(_ now: Date) -> [Action] {
    let message = "Container image \"\(plan.image)\" is not present with pull policy of Never"
    state = .waiting(reason: "ErrImageNeverPull", message: message)
    // As recorded: soon once more, then about every 12 s.
    stage = .pulling(at: now.addingTimeInterval(pulls == 0 ? 0.6 : 12))
    pulls += 1
    return [
      report("ErrImageNeverPull", message, warning: true), report("Failed", "Error: ErrImageNeverPull", warning: true),
    ]
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
    state = .waiting(reason: "ErrImagePull", message: pullFailure)
    return [
      report("Pulling", "Pulling image \"\(plan.image)\""),
      report("Failed", "Failed to pull image \"\(plan.image)\": \(pullFailure)", warning: true),
      report("Failed", "Error: ErrImagePull", warning: true),
    ]
  }

  mutating func showBackOff() -> [Action] {
    showBackOffAt = nil
    if case .pulling = stage {
      let backOff = "Back-off pulling image \"\(plan.image)\""
      state = .waiting(reason: "ImagePullBackOff", message: "\(backOff): ErrImagePull: \(pullFailure)")
      return [report("BackOff", backOff), report("Failed", "Error: ImagePullBackOff", warning: true)]
    }
    guard case .restarting = stage, case .terminated(let termination) = state else { return [] }
    lastTermination = termination
    let pod = "\(pod.name)_\(pod.namespace)(\(pod.uid))"
    state = .waiting(
      reason: "CrashLoopBackOff",
      message: "back-off \(Int(backOff))s restarting failed container=\(plan.name) pod=\(pod)")
    return [report("BackOff", "Back-off restarting failed container \(plan.name) in pod \(pod)", warning: true)]
  }

  mutating func started(_ now: Date) -> [Action] {
    let reports = [report("Created", "Container created"), report("Started", "Container started")]
    if plan.hooks[.postStart] != nil, stopBy == nil {
      stage = .postStart
      return reports + [.runHook(.postStart)]
    }
    return reports + run(now)
  }

  mutating func postStartEnded(_ failed: Bool, _ now: Date) -> [Action] {
    guard stage == .postStart else { return [] }
    guard failed else { return run(now) }
    // Until now it has not been running as far as its status goes; its process has.
    state = .running(since: now)
    return [
      report("FailedPostStartHook", "PostStartHook failed", warning: true),
      report("Killing", "FailedPostStartHook"),
    ] + terminate(now, by: now.addingTimeInterval(Double(podGrace)))
  }

  private mutating func run(_ now: Date) -> [Action] {
    state = .running(since: now)
    stage = .running
    probes = [:]
    for (kind, probe) in plan.probes { probes[kind] = ProbeState(probe, kind, startedAt: now, pace: pace) }
    isStarted = probes[.startup] == nil
    isReady = isStarted && probes[.readiness] == nil
    return stopBy.map { beginStop(now, by: $0) } ?? []
  }

  mutating func startFailed(_ reason: String, _ message: String, _ now: Date) -> [Action] {
    guard stopBy == nil else {
      settle()
      return []
    }
    keepTermination()
    state = .waiting(reason: reason, message: message)
    stage = .retrying(at: now.addingTimeInterval(5))
    return [report("Failed", "Error: \(message)", warning: true)]
  }

  mutating func probed(_ kind: ContainerPlan.ProbeKind, _ failure: String?, _ now: Date) -> [Action] {
    guard stage == .running, let change = probes[kind]?.result(failure == nil, now: now) else { return [] }
    var actions: [Action] = []
    if let failure { actions.append(report("Unhealthy", "\(kind.rawValue) probe failed: \(failure)", warning: true)) }
    switch (kind, change) {
    case (.readiness, .succeeded): isReady = true
    case (.readiness, .failed): isReady = false
    case (.startup, .succeeded):
      probes[.startup] = nil
      isStarted = true
      isReady = probes[.readiness] == nil
    case (.liveness, .failed), (.startup, .failed):
      let message = "Container \(plan.name) failed \(kind.rawValue.lowercased()) probe, will be restarted"
      actions.append(report("Killing", message))
      let grace = plan.probes[kind]?.grace ?? podGrace
      actions += runPreStop(now, by: now.addingTimeInterval(Double(grace)))
    default: break
    }
    return actions
  }
}
