package import FoundationEssentials

/// Says for each Service where its pods are and which of them are ready: what the ingress goes by.
///
/// One slice for a Service with a selector. A pod whose end has begun stays in it, not ready, until its containers
/// have stopped. (kubernetes/staging/src/k8s.io/endpointslice)
package enum EndpointSliceController {
  private static let serviceLabel = "kubernetes.io/service-name"

  /// Decides how the slice of a Service must be changed.
  ///
  /// `slices` and `pods` may hold those of others too. `endings` says how far the end of each pod is to show here, and
  /// `names` gives the end of a new slice's name.
  package static func sync(
    _ service: JSON, slices: [JSON], pods: [JSON], endings: PodEndings = PodEndings(lag: .none), now: Date,
    names: inout NameGenerator
  ) -> ControllerOutcome {
    let selector = service["spec", "selector"].strings
    guard !selector.isEmpty, !service.isTerminating else { return ControllerOutcome() }
    let chosen = pods.filter { pod in
      pod.namespace == service.namespace && pod["status", "podIP"].string != nil
        && (!pod.isOver || !endings.isRemoved(pod, now: now)) && LabelSelector(selector).matches(pod)
    }
    let again = chosen.compactMap { endings.next($0, now: now) }.min()
    let known = slices.first { $0.isControlled(by: service) }
    var slice = known ?? new(service, names: &names)
    let shown = Dictionary(
      (known?["endpoints"].elements ?? []).map { ($0["targetRef", "uid"].string ?? "", $0) }
    ) { $1 }
    slice["endpoints"] = .array(
      chosen.map { pod in
        // As if nothing had happened yet, where the news has not come this far.
        endings.isUnseen(pod, now: now) ? shown[pod.uid] ?? endpoint(pod) : endpoint(pod)
      })
    slice["ports"] = .array(ports(of: service, pods: chosen))
    guard slice != known else { return ControllerOutcome(again: again) }
    slice["metadata", "annotations", "endpoints.kubernetes.io/last-change-trigger-time"] = .string(Timestamp.text(now))
    let action: ControllerAction = known == nil ? .create(slice, .endpointSlices) : .replace(slice, .endpointSlices)
    return ControllerOutcome(actions: [action], again: again)
  }

  private static func new(_ service: JSON, names: inout NameGenerator) -> JSON {
    var labels = service["metadata", "labels"].strings
    labels[serviceLabel] = service.name
    labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io"
    return [
      "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
      "metadata": [
        "name": .string("\(service.name)-\(names.suffix())"), "generateName": .string("\(service.name)-"),
        "namespace": .string(service.namespace), "labels": JSON(labels),
        "ownerReferences": [service.controllerReference],
      ],
    ]
  }

  private static func endpoint(_ pod: JSON) -> JSON {
    [
      "addresses": [pod["status", "podIP"]],
      "conditions": [
        "ready": .bool(pod.isReady && !pod.isTerminating), "serving": .bool(pod.isReady),
        "terminating": .bool(pod.isTerminating),
      ],
      "targetRef": [
        "kind": "Pod", "namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.uid),
      ],
      "nodeName": pod["spec", "nodeName"],
    ]
  }

  // A target port that is a name means the container port of that name; the pods of one template agree on it.
  private static func ports(of service: JSON, pods: [JSON]) -> [JSON] {
    service["spec", "ports"].elements.compactMap { port in
      let target = port["targetPort"].isNull ? port["port"] : port["targetPort"]
      guard let number = target.int ?? pods.lazy.compactMap({ containerPort(target.string ?? "", $0) }).first else {
        return nil
      }
      return [
        "name": port["name"].isNull ? "" : port["name"], "protocol": port["protocol"], "port": .int(number),
      ]
    }
  }

  private static func containerPort(_ name: String, _ pod: JSON) -> Int? {
    pod["spec", "containers"].elements.lazy.flatMap { $0["ports"].elements }
      .first { $0["name"].string == name }?["containerPort"].int
  }
}
