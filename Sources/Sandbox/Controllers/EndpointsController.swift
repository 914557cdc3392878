/// Keeps the older Endpoints object of each Service, which says the same as its EndpointSlices.
///
/// (kubernetes/pkg/controller/endpoint)
package enum EndpointsController {
  /// Decides how the Endpoints of a Service must be changed; `slices` and `all` may hold those of others too.
  package static func sync(_ service: JSON, slices: [JSON], all: [JSON]) -> ControllerOutcome {
    guard !service.isTerminating, let slice = slices.first(where: { $0.isControlled(by: service) }) else {
      return ControllerOutcome()
    }
    let known = all.first { $0.namespace == service.namespace && $0.name == service.name }
    var endpoints =
      known ?? [
        "metadata": [
          "name": .string(service.name), "namespace": .string(service.namespace),
          "labels": service["metadata", "labels"], "ownerReferences": [service.controllerReference],
        ]
      ]
    endpoints["subsets"] = subsets(slice)
    guard endpoints != known else { return ControllerOutcome() }
    return ControllerOutcome(actions: [known == nil ? .create(endpoints, .endpoints) : .replace(endpoints, .endpoints)])
  }

  private static func subsets(_ slice: JSON) -> JSON {
    var (ready, unready): ([JSON], [JSON]) = ([], [])
    for endpoint in slice["endpoints"].elements where endpoint["conditions", "terminating"].bool != true {
      let address: JSON = [
        "ip": endpoint["addresses"][0], "nodeName": endpoint["nodeName"], "targetRef": endpoint["targetRef"],
      ]
      if endpoint["conditions", "ready"].bool == true { ready.append(address) } else { unready.append(address) }
    }
    guard !ready.isEmpty || !unready.isEmpty else { return .null }
    var subset: JSON = ["ports": slice["ports"]]
    if !ready.isEmpty { subset["addresses"] = .array(ready) }
    if !unready.isEmpty { subset["notReadyAddresses"] = .array(unready) }
    return [subset]
  }
}
