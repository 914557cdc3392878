import Bench

extension ComparedSetting {
  /// The strategic merge patches that make the pods of a workload those of this setting; none where it is its strategy
  /// or its image alone.
  ///
  /// `container` is the one that changes.
  func patches(container: String) throws(KubectlError) -> [JSONValue] {
    var spec = JSONValue.object([:])
    if let replicas { spec[["replicas"]] = .int(replicas) }
    if let seconds = terminationGracePeriodSeconds {
      spec[["template", "spec", "terminationGracePeriodSeconds"]] = .int(seconds)
    }
    if let preStop {
      let hook: JSONValue =
        switch preStop {
        case .none: .null
        case .sleep(let seconds):
          // What was there may be of another kind, and a hook has one alone.
          .object([
            "$patch": .string("replace"),
            "exec": .object(["command": .array([.string("sleep"), .string("\(seconds)")])]),
          ])
        }
      spec[["template", "spec", "containers"]] = .array([
        .object(["name": .string(container), "lifecycle": .object(["preStop": hook])])
      ])
    }
    let own: [JSONValue] = spec == .object([:]) ? [] : [.object(["spec": spec])]
    guard let patch else { return own }
    do {
      return own + [try JSONValue(text: patch)]
    } catch {
      throw KubectlError(
        code: .refused, attempted: "reading \(label)", cause: "\(error)", remedy: "Give a JSON object after patch=.")
    }
  }
}
