import FoundationEssentials
import Glibc

/// The second half of a container's life: hook, signals, exit, and whether it begins again.
extension ContainerMachine {
  mutating func stop(_ by: Date, _ now: Date) -> [Action] {
    let isFirst = stopBy == nil
    stopBy = min(stopBy ?? by, by)
    switch stage {
    case .idle, .pulling, .retrying, .restarting:
      settle()
      return []
    case .postStart, .running: return isFirst ? beginStop(now, by: by) : []
    case .preStop, .terminating:
      killAt = killAt.map { min($0, by) }
      return []
    // A start that is under way comes first.
    case .starting, .done: return []
    }
  }

  mutating func beginStop(_ now: Date, by end: Date) -> [Action] {
    [report("Killing", "Stopping container \(plan.name)")] + runPreStop(now, by: end)
  }

  // The grace covers the hook and the program's own end.
  mutating func runPreStop(_ now: Date, by end: Date) -> [Action] {
    killAt = end
    guard plan.hooks[.preStop] != nil, end > now else { return terminate(now, by: end) }
    stage = .preStop
    return [.runHook(.preStop)]
  }

  mutating func preStopEnded(_ failed: Bool, _ now: Date) -> [Action] {
    guard stage == .preStop else { return [] }
    let report = report("FailedPreStopHook", "PreStopHook failed", warning: true)
    return (failed ? [report] : []) + terminate(now, by: killAt ?? now)
  }

  // Kubernetes leaves at least 2 s after the hook, however long that took.
  mutating func terminate(_ now: Date, by end: Date) -> [Action] {
    stage = .terminating
    killAt = max(end, now.addingTimeInterval(2))
    return [.signal(image?.stopSignal ?? SIGTERM)]
  }

  mutating func killDue(_ now: Date) -> [Action] {
    if stage == .preStop { return terminate(now, by: killAt ?? now) }
    killAt = nil
    return [.signal(SIGKILL)]
  }

  mutating func exited(_ code: Int32, _ outOfMemory: Bool, _ now: Date) -> [Action] {
    guard stage != .done, stage != .idle else { return [] }
    let startedAt: Date = if case .running(let since) = state { since } else { now }
    let reason = outOfMemory ? "OOMKilled" : code == 0 ? "Completed" : "Error"
    state = .terminated(Termination(exitCode: code, reason: reason, startedAt: startedAt, finishedAt: now))
    isReady = plan.role == .initial && code == 0
    isStarted = false
    killAt = nil
    probes = [:]
    let again = restartPolicy == .always || (restartPolicy == .onFailure && code != 0)
    guard stopBy == nil, again else {
      stage = .done
      return []
    }
    if now.timeIntervalSince(startedAt) > Self.goodRun { backOff = 0 }
    // The first restart comes at once; then 10 s, 20 s ...
    let delay = restarts == 0 ? 0 : min(max(10, backOff * 2), Self.longestBackOff)
    backOff = delay
    stage = .restarting(at: now.addingTimeInterval(delay))
    showBackOffAt = delay > 0 ? now.addingTimeInterval(1) : nil
    return []
  }

  // It ends while no process of it runs: as it ended last, or as one that never was.
  mutating func settle() {
    if let lastTermination, case .waiting = state { state = .terminated(lastTermination) }
    if case .waiting = state {
      let message = "The container could not be located when the pod was terminated"
      state = .terminated(Termination(exitCode: 137, reason: "ContainerStatusUnknown", message: message))
    }
    isReady = false
    isStarted = false
    killAt = nil
    showBackOffAt = nil
    stage = .done
  }
}
