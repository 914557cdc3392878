/// What the containers of a pod ask for together: what runs at the same time, or the greatest of those that come first,
/// if that is more.
enum PodRequests {
  /// In thousandths, of `requests` or `limits`, of `cpu` or `memory`.
  ///
  /// A container that says no request asks for its limit.
  static func milli(_ kind: String, _ resource: String, of pod: JSON) -> Int {
    func asked(_ container: JSON) -> Int { Quantity.milli(amount(kind, resource, of: container)) }
    let initial = pod["spec", "initContainers"].elements
    let lasting = pod["spec", "containers"].elements + initial.filter { $0["restartPolicy"].string == "Always" }
    return max(lasting.map(asked).reduce(0, +), initial.map(asked).max() ?? 0)
  }

  /// What one container says; null for nothing.
  static func amount(_ kind: String, _ resource: String, of container: JSON) -> JSON {
    let said = container["resources", kind, resource]
    return said.isNull && kind == "requests" ? container["resources", "limits", resource] : said
  }
}
