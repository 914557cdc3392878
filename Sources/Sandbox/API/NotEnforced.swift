/// What the sandbox keeps and shows but does not act on, said to whoever writes it: each is a `Warning` header, which
/// kubectl prints.
enum NotEnforced {
  /// What there is to say about an object that was written, less what was true of it before.
  static func warnings(_ object: JSON, previous: JSON?, _ resource: Resource) -> [String] {
    let before = previous.map { said(of: $0, resource) } ?? []
    return said(of: object, resource).filter { !before.contains($0) }
  }

  private static let kinds: [Resource: String] = [
    .networkPolicies: "the sandbox stores NetworkPolicies and does not enforce them: every pod reaches every other",
    .horizontalPodAutoscalers: "the sandbox stores HorizontalPodAutoscalers and does not scale by them",
    .jobs: JobController.message,
    .podDisruptionBudgets: "the sandbox stores PodDisruptionBudgets; nothing is evicted here, so they protect nothing",
  ]

  private static func said(of object: JSON, _ resource: Resource) -> [String] {
    if let kind = kinds[resource] { return [kind] }
    switch resource {
    case .pods: return said(ofPod: object["spec"], at: "spec")
    case .deployments, .statefulSets, .replicaSets:
      return said(ofPod: object["spec", "template", "spec"], at: "spec.template.spec")
    case .services:
      guard let type = object["spec", "type"].string, ["NodePort", "LoadBalancer"].contains(type) else { return [] }
      return ["spec.type: the sandbox offers no \(type) Services: this one is reached inside only, as a ClusterIP"]
    case .resourceQuotas:
      let hard = (object["spec", "hard"].object ?? [:]).keys.filter { !PodQuota.keeps($0) }.sorted()
      let scopes = ["scopes", "scopeSelector"].filter { !object["spec", $0].isNull }
      return hard.map { "spec.hard[\($0)]: not enforced: the sandbox limits pods, their cpu and their memory" }
        + scopes.map { "spec.\($0): not enforced: the quota is one of all pods" }
    case .clusterRoles where !object["aggregationRule"].isNull:
      return ["aggregationRule: not enforced: the sandbox fills no rules in"]
    default: return []
    }
  }

  private static let onOneNode = ["affinity", "tolerations", "topologySpreadConstraints"]

  private static func said(ofPod spec: JSON, at path: String) -> [String] {
    var said: [String] = []
    for (index, container) in spec["containers"].elements.enumerated() {
      if !container["resources", "limits", "cpu"].isNull {
        said.append(
          "\(path).containers[\(index)].resources.limits.cpu: not enforced: a container takes what this machine has")
      }
      said += hidden(container["env"].elements, at: "\(path).containers[\(index)].env")
    }
    for field in onOneNode where !spec[field].isNull {
      said.append("\(path).\(field): not enforced: the sandbox has one node")
    }
    if spec["hostNetwork"] == true {
      said.append("\(path).hostNetwork: not enforced: each pod has a loopback address of its own")
    }
    return said
  }

  // A real server warns of this too, in these words.
  private static func hidden(_ variables: [JSON], at path: String) -> [String] {
    var seen: Set<String> = []
    return variables.enumerated().compactMap { index, variable in
      guard let name = variable["name"].string, !seen.insert(name).inserted else { return nil }
      return "\(path)[\(index)]: hides previous definition of \"\(name)\", which may be dropped when using apply"
    }
  }
}
