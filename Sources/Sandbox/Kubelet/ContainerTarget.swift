/// One container of a pod, with all that is needed to start its program or another command in it.
struct ContainerTarget: Sendable {
  var pod: JSON
  var plan: PodPlan
  /// Its place in the plan.
  var index: Int
  var image: Image
  /// The pod's address.
  var address: String
  /// The folders of its pod's volumes, by name.
  var volumes: [String: String] = [:]

  var container: ContainerPlan { plan.containers[index] }

  /// Its part of the pod's specification.
  var specification: JSON {
    let list = container.role == .main ? "containers" : "initContainers"
    return pod["spec", list][where: "name", is: container.name]
  }
}
