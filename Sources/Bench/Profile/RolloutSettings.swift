/// Reading of the settings of a rollout: where the cluster is, what changes in it, and for how long.
extension SettingsReader {
  private static let rolloutKeys: [Settings.Key] =
    Settings.Key.change + [
      .rollouts, .strategy, .namespace, .context, .kubeconfig, .kubectl, .settle, .recovered, .rolloutTimeout,
      .rollback,
    ]

  mutating func noRollout() -> RunProfile.Rollout? {
    refuse(Self.rolloutKeys, "needs --during-rollout")
    return nil
  }

  mutating func rollout(target: RunProfile.Target) -> RunProfile.Rollout {
    if target == .sandbox {
      refuse([.context, .kubeconfig, .namespace], "the sandbox has its own; leave it out, or set --target")
    }
    let changes = changes(onSandbox: target == .sandbox)
    return RunProfile.Rollout(
      namespace: kubernetesName(.namespace) ?? "oggy", context: text(.context), kubeconfig: text(.kubeconfig),
      kubectl: text(.kubectl) ?? "kubectl", changes: changes, strategy: strategy(of: changes),
      settle: duration(.settle, default: .seconds(10)), recovered: duration(.recovered, default: .seconds(20)),
      timeout: duration(.rolloutTimeout, default: .seconds(120)), rollback: flag(.rollback, default: true))
  }

  /// Those of the list, or the one of the single keys.
  private mutating func changes(onSandbox: Bool) -> [RolloutChange] {
    guard has(.rollouts) else {
      if !has(oneOf: Settings.Key.triggers) { refuseDefault(onSandbox: onSandbox) }
      return [change()]
    }
    refuse(Settings.Key.change, "stands against rollouts: give one of them")
    return all(.rollouts).map { listed in
      within(listed) { entry in
        if !entry.has(oneOf: Settings.Key.triggers) {
          entry.report(listed.place, "each needs one of \(Settings.Key.spelledTriggers)")
        }
        return entry.change()
      }
    }
  }

  /// Without a trigger the sandbox's voting-app gets another image: there is nothing like it anywhere else.
  private mutating func refuseDefault(onSandbox: Bool) {
    let triggers = Settings.Key.spelledTriggers
    if !onSandbox {
      refuse([.duringRollout], "needs one of \(triggers) on a target that is not the sandbox")
    } else if has(.statefulset) || text(.deployment) ?? "voting-app" != "voting-app" {
      refuse(firstOf: .statefulset, .deployment, because: "needs one of \(triggers): voting-app alone has a default")
    }
  }

  private mutating func strategy(of changes: [RolloutChange]) -> StrategyChange? {
    let strategy = optional(
      .strategy,
      expected: "maxSurge=N, maxUnavailable=N (both also N%, at most 100% unavailable) and minReadySeconds=N, each "
        + "once, joined by commas", StrategyChange.init(spelled:))
    guard let strategy else { return nil }
    if strategy.maxSurge?.isZero == true, strategy.maxUnavailable?.isZero == true {
      refuse([.strategy], "nothing can roll with maxSurge and maxUnavailable both 0: Kubernetes refuses it")
    }
    if let set = changes.first(where: { $0.workload.kind == .statefulSet })?.workload {
      if strategy.maxSurge != nil { refuse([.strategy], "\(set) has no maxSurge: only Deployments have one") }
      if strategy.maxUnavailable?.isZero == true {
        refuse([.strategy], "\(set) cannot roll with maxUnavailable 0: Kubernetes refuses it")
      }
    }
    return strategy
  }
}
