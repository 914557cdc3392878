/// Reading of the settings of a rollout.
extension SettingsReader {
  private static let rolloutKeys: [Settings.Key] = [
    .deployment, .namespace, .context, .kubeconfig, .kubectl, .container, .image, .settle, .recovered, .rolloutTimeout,
    .rollback,
  ]

  mutating func noRollout() -> RunProfile.Rollout? {
    refuse(Self.rolloutKeys, "needs --during-rollout")
    return nil
  }

  mutating func rollout(target: RunProfile.Target) -> RunProfile.Rollout {
    if target != .sandbox, !has(.image) {
      report("--during-rollout", "needs --image IMAGE on a target that is not the sandbox")
    }
    if target == .sandbox {
      refuse([.context, .kubeconfig, .namespace], "the sandbox has its own; leave it out, or set --target")
    }
    let change = RolloutChange(
      workload: Workload(.deployment, text(.deployment) ?? "voting-app"), container: text(.container),
      trigger: .image(text(.image)))
    return RunProfile.Rollout(
      namespace: text(.namespace) ?? "oggy", context: text(.context), kubeconfig: text(.kubeconfig),
      kubectl: text(.kubectl) ?? "kubectl", changes: [change], settle: duration(.settle, default: .seconds(10)),
      recovered: duration(.recovered, default: .seconds(20)),
      timeout: duration(.rolloutTimeout, default: .seconds(120)), rollback: flag(.rollback, default: true))
  }
}
