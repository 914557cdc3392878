/// What the API server fills in where an object says nothing, so that every reader finds the same fields.
///
/// The values are those of Kubernetes' `SetDefaults_*` functions and can be seen in any recorded Deployment.
enum Defaults {
  /// Fills in an object of a kind.
  ///
  /// Filling in twice changes nothing more.
  static func fill(_ object: inout JSON, _ resource: Resource) {
    switch resource {
    case .deployments:
      deployment(&object["spec"])
      object.fill("status", [:])
    case .statefulSets: statefulSet(&object["spec"])
    case .replicaSets:
      object["spec"].fill("replicas", 1)
      podTemplate(&object["spec", "template"])
    case .pods: pod(&object)
    case .services:
      service(&object["spec"])
      object.fill("status", ["loadBalancer": [:]])
    case .secrets: secret(&object)
    case .namespaces: namespace(&object)
    case .ingresses: object.fill("status", ["loadBalancer": [:]])
    default: break
    }
  }

  private static func namespace(_ namespace: inout JSON) {
    namespace["metadata", "labels", "kubernetes.io/metadata.name"] = namespace["metadata", "name"]
    namespace["spec"].fill("finalizers", ["kubernetes"])
    namespace.fill("status", ["phase": "Active"])
  }

  private static func deployment(_ spec: inout JSON) {
    spec.fill("replicas", 1)
    spec.fill("revisionHistoryLimit", 10)
    spec.fill("progressDeadlineSeconds", 600)
    if spec["strategy", "type"].isNull { spec["strategy", "type"] = "RollingUpdate" }
    if spec["strategy", "type"] == "RollingUpdate" {
      spec["strategy", "rollingUpdate"].fill("maxSurge", "25%")
      spec["strategy", "rollingUpdate"].fill("maxUnavailable", "25%")
    }
    podTemplate(&spec["template"])
  }

  private static func statefulSet(_ spec: inout JSON) {
    spec.fill("replicas", 1)
    spec.fill("revisionHistoryLimit", 10)
    spec.fill("podManagementPolicy", "OrderedReady")
    if spec["updateStrategy", "type"].isNull {
      spec["updateStrategy"] = ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]]
    }
    podTemplate(&spec["template"])
  }

  // kubectl writes an empty creationTimestamp into templates; the server drops it.
  private static func podTemplate(_ template: inout JSON) {
    if let metadata = template["metadata"].object, metadata["creationTimestamp"] == .null {
      template["metadata"] = .object(metadata.filter { $0.key != "creationTimestamp" })
    }
    podSpec(&template["spec"])
  }

  private static func pod(_ pod: inout JSON) {
    podSpec(&pod["spec"])
    pod["spec"].fill("serviceAccountName", "default")
    pod["spec"].fill("serviceAccount", "default")
    pod["spec"].fill("priority", 0)
    pod["spec"].fill("enableServiceLinks", true)
    pod["spec"].fill("preemptionPolicy", "PreemptLowerPriority")
    pod["status"].fill("phase", "Pending")
    pod["status"].fill("qosClass", .string(qualityOfService(pod["spec"])))
  }

  private static func qualityOfService(_ spec: JSON) -> String {
    let resources = spec["containers"].elements.map { $0["resources"] }
    if resources.allSatisfy({ $0["limits"].isNull && $0["requests"].isNull }) { return "BestEffort" }
    let guaranteed = resources.allSatisfy { resource in
      ["cpu", "memory"].allSatisfy { name in
        let limit = resource["limits", name]
        let request = resource["requests", name]
        return !limit.isNull && (request.isNull || request == limit)
      }
    }
    return guaranteed ? "Guaranteed" : "Burstable"
  }

  private static func podSpec(_ spec: inout JSON) {
    spec.fill("restartPolicy", "Always")
    spec.fill("terminationGracePeriodSeconds", 30)
    spec.fill("dnsPolicy", "ClusterFirst")
    spec.fill("securityContext", [:])
    spec.fill("schedulerName", "default-scheduler")
    for field in ["containers", "initContainers"] {
      guard var containers = spec[field].array else { continue }
      for index in containers.indices { container(&containers[index]) }
      spec[field] = .array(containers)
    }
  }

  private static func container(_ container: inout JSON) {
    container.fill("resources", [:])
    container.fill("terminationMessagePath", "/dev/termination-log")
    container.fill("terminationMessagePolicy", "File")
    container.fill("imagePullPolicy", .string(pullPolicy(container["image"].string ?? "")))
    if let ports = container["ports"].array {
      container["ports"] = .array(ports.map { $0.filled("protocol", "TCP") })
    }
    if let variables = container["env"].array {
      container["env"] = .array(variables.map(variable))
    }
    for field in ["livenessProbe", "readinessProbe", "startupProbe"] where !container[field].isNull {
      probe(&container[field])
    }
    for hook in ["preStop", "postStart"] where !container["lifecycle", hook, "httpGet"].isNull {
      container["lifecycle", hook, "httpGet"].fill("scheme", "HTTP")
    }
  }

  private static func pullPolicy(_ image: String) -> String {
    let last = image.split(separator: "/").last ?? ""
    return last.contains(":") && !last.hasSuffix(":latest") ? "IfNotPresent" : "Always"
  }

  private static func variable(_ variable: JSON) -> JSON {
    guard !variable["valueFrom", "fieldRef"].isNull else { return variable }
    var variable = variable
    variable["valueFrom", "fieldRef"].fill("apiVersion", "v1")
    return variable
  }

  private static func probe(_ probe: inout JSON) {
    probe.fill("timeoutSeconds", 1)
    probe.fill("periodSeconds", 10)
    probe.fill("successThreshold", 1)
    probe.fill("failureThreshold", 3)
    guard !probe["httpGet"].isNull else { return }
    probe["httpGet"].fill("scheme", "HTTP")
    probe["httpGet"].fill("path", "/")
  }

  private static func service(_ spec: inout JSON) {
    spec.fill("type", "ClusterIP")
    spec.fill("sessionAffinity", "None")
    if spec["sessionAffinity"] == "ClientIP", spec["sessionAffinityConfig", "clientIP", "timeoutSeconds"].isNull {
      spec["sessionAffinityConfig", "clientIP", "timeoutSeconds"] = 10_800
    }
    if spec["type"] != "ExternalName" {
      spec.fill("internalTrafficPolicy", "Cluster")
      spec.fill("ipFamilies", ["IPv4"])
      spec.fill("ipFamilyPolicy", "SingleStack")
    }
    if spec["type"] == "NodePort" || spec["type"] == "LoadBalancer" { spec.fill("externalTrafficPolicy", "Cluster") }
    if spec["type"] == "LoadBalancer" { spec.fill("allocateLoadBalancerNodePorts", true) }
    guard let ports = spec["ports"].array else { return }
    spec["ports"] = .array(ports.map { $0.filled("protocol", "TCP").filled("targetPort", $0["port"]) })
  }

  // `stringData` is for writing only.
  private static func secret(_ secret: inout JSON) {
    secret.fill("type", "Opaque")
    for (key, value) in secret["stringData"].strings {
      secret["data", key] = .string(Base64.text(value.utf8))
    }
    secret["stringData"] = .null
  }
}

extension JSON {
  /// Sets a field that is absent.
  fileprivate mutating func fill(_ field: String, _ value: JSON) {
    if self[field].isNull { self[field] = value }
  }

  fileprivate func filled(_ field: String, _ value: JSON) -> JSON {
    var copy = self
    copy.fill(field, value)
    return copy
  }
}
