/// The columns of `kubectl get` for storage, policies, classes and roles.
///
/// (kubernetes/pkg/printers/internalversion/printers.go)
enum KindColumns {
  /// The columns between name and age; nil for kinds that have none.
  static func of(_ resource: Resource) -> [TableColumn]? {
    switch resource {
    case .endpoints: [text("Endpoints", endpoints)]
    case .nodes: [text("Status", nodeStatus), text("Roles") { _ in "<none>" }]
    case .persistentVolumeClaims:
      [
        text("Status", value("status", "phase")), text("Volume", value("spec", "volumeName")),
        text("Capacity", value("status", "capacity", "storage")),
        text("Access Modes") { modes($0["status", "accessModes"]) },
        text("StorageClass", value("spec", "storageClassName")),
      ]
    case .persistentVolumes:
      [
        text("Capacity", value("spec", "capacity", "storage")),
        text("Access Modes") { modes($0["spec", "accessModes"]) },
        text("Reclaim Policy", value("spec", "persistentVolumeReclaimPolicy")),
        text("Status", value("status", "phase")),
        text("Claim") { volume in
          let claim = volume["spec", "claimRef"]
          return .string("\(claim["namespace"].string ?? "")/\(claim["name"].string ?? "")")
        },
        text("StorageClass", value("spec", "storageClassName")),
      ]
    case .storageClasses:
      [
        text("Provisioner", value("provisioner")), text("ReclaimPolicy", value("reclaimPolicy")),
        text("VolumeBindingMode", value("volumeBindingMode")),
      ]
    case .ingressClasses: [text("Controller", value("spec", "controller"))]
    case .podDisruptionBudgets:
      [
        text("Min Available") { amount($0["spec", "minAvailable"]) },
        text("Max Unavailable") { amount($0["spec", "maxUnavailable"]) },
        text("Allowed Disruptions") { .int($0["status", "disruptionsAllowed"].int ?? 0) },
      ]
    case .horizontalPodAutoscalers: autoscalers
    case .jobs:
      [
        text("Completions") { job in
          .string("\(job["status", "succeeded"].int ?? 0)/\(job["spec", "completions"].int ?? 1)")
        }
      ]
    case .networkPolicies:
      [text("Pod-Selector") { .string(LabelSelector($0["spec", "podSelector"]).text) }]
    case .roleBindings, .clusterRoleBindings:
      [text("Role") { .string("\($0["roleRef", "kind"].string ?? "")/\($0["roleRef", "name"].string ?? "")") }]
    case .resourceQuotas:
      [
        text("Request") { quota($0) { !$0.hasPrefix("limits.") } },
        text("Limit") { quota($0) { $0.hasPrefix("limits.") } },
      ]
    case .controllerRevisions:
      [
        text("Controller") { revision in
          let owner = revision["metadata", "ownerReferences"][0]
          return .string("\((owner["kind"].string ?? "").lowercased()).apps/\(owner["name"].string ?? "")")
        }, text("Revision") { .int($0["revision"].int ?? 0) },
      ]
    default: nil
    }
  }

  private static let autoscalers = [
    text("Reference") { autoscaler in
      let target = autoscaler["spec", "scaleTargetRef"]
      return .string("\(target["kind"].string ?? "")/\(target["name"].string ?? "")")
    },
    text("Targets") { autoscaler in
      let metrics = autoscaler["spec", "metrics"].elements.map { metric in
        let resource = metric["resource"]
        let wanted = resource["target", "averageUtilization"].int.map { "\($0)%" } ?? "<auto>"
        return "\(resource["name"].string ?? metric["type"].string ?? ""): <unknown>/\(wanted)"
      }
      return .string(metrics.isEmpty ? "<none>" : metrics.joined(separator: ", "))
    },
    text("MinPods") { .int($0["spec", "minReplicas"].int ?? 1) },
    text("MaxPods") { .int($0["spec", "maxReplicas"].int ?? 0) },
    text("Replicas") { .int($0["status", "currentReplicas"].int ?? 0) },
  ]

  private static func text(_ name: String, _ cell: @escaping @Sendable (JSON) -> JSON) -> TableColumn {
    TableColumns.text(name, cell)
  }

  private static func value(_ path: String...) -> @Sendable (JSON) -> JSON {
    { .string(path.reduce($0) { $0[$1] }.string ?? "") }
  }

  private static func amount(_ value: JSON) -> JSON {
    value.isNull ? "N/A" : .string(value.string ?? value.int.map { "\($0)" } ?? "")
  }

  private static func quota(_ quota: JSON, _ isShown: (String) -> Bool) -> JSON {
    let used = quota["status", "used"].strings
    let hard = quota["status", "hard"].object ?? [:]
    let shown = hard.filter { isShown($0.key) }.sorted { $0.key < $1.key }
    return .string(
      shown.map { "\($0.key): \(used[$0.key] ?? "0")/\(amount($0.value).string ?? "")" }.joined(separator: ", "))
  }

  // ReadWriteOnce is RWO.
  private static func modes(_ modes: JSON) -> JSON {
    let short = ["ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"]
    return .string(modes.elements.compactMap { short[$0.string ?? ""] }.joined(separator: ","))
  }

  private static func nodeStatus(_ node: JSON) -> JSON {
    node["status", "conditions"][where: "type", is: "Ready"]["status"] == "True" ? "Ready" : "NotReady"
  }

  // At most three, as there may be thousands.
  private static func endpoints(_ endpoints: JSON) -> JSON {
    let all = endpoints["subsets"].elements.flatMap { subset in
      subset["ports"].elements.flatMap { port in
        subset["addresses"].elements.map { "\($0["ip"].string ?? ""):\(port["port"].int ?? 0)" }
      }
    }
    guard !all.isEmpty else { return "<none>" }
    let rest = all.count > 3 ? " + \(all.count - 3) more..." : ""
    return .string(all.prefix(3).joined(separator: ",") + rest)
  }
}
