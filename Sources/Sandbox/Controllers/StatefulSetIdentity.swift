/// What a pod of a StatefulSet keeps for good: its name, its place, and its claims.
/// (kubernetes/pkg/controller/statefulset/stateful_set_utils.go)
enum StatefulSetIdentity {
  static let podName = "statefulset.kubernetes.io/pod-name"
  static let podIndex = "apps.kubernetes.io/pod-index"
  static let revisionHash = "controller-revision-hash"

  /// The number at the end of a pod's name; nil if the name is none of the set's.
  static func ordinal(of name: String, set: JSON) -> Int? {
    guard name.hasPrefix("\(set.name)-") else { return nil }
    let digits = name.dropFirst(set.name.count + 1)
    guard let ordinal = Int(digits), ordinal >= 0, String(ordinal) == digits else { return nil }
    return ordinal
  }

  /// The name of the revision that a pod was made of.
  static func revision(_ pod: JSON) -> String { pod["metadata", "labels", revisionHash].string ?? "" }

  /// The pod of a place, not stored yet.
  static func pod(of set: JSON, revision: JSON, ordinal: Int) -> JSON {
    let name = "\(set.name)-\(ordinal)"
    let template = revision["data", "spec", "template"]
    var metadata = template["metadata"]
    metadata.merge([
      "name": .string(name), "generateName": .string("\(set.name)-"), "namespace": .string(set.namespace),
      "labels": [
        podName: .string(name), podIndex: .string("\(ordinal)"), revisionHash: .string(revision.name),
      ],
      "ownerReferences": [set.controllerReference],
    ])
    var pod: JSON = ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]]
    pod["spec", "hostname"] = .string(name)
    pod["spec", "subdomain"] = set["spec", "serviceName"]
    for claim in claims(of: set, ordinal: ordinal) {
      let volume = claimTemplateName(claim, set: set, ordinal: ordinal)
      pod["spec", "volumes"][where: "name", is: volume] = [
        "persistentVolumeClaim": ["claimName": .string(claim.name)]
      ]
    }
    Defaults.fill(&pod, .pods)
    return pod
  }

  private static func claimTemplateName(_ claim: JSON, set: JSON, ordinal: Int) -> String {
    String(claim.name.dropLast("-\(set.name)-\(ordinal)".count))
  }

  /// The claims of a place, as its templates say, named `TEMPLATE-SET-ORDINAL`.
  static func claims(of set: JSON, ordinal: Int) -> [JSON] {
    set["spec", "volumeClaimTemplates"].elements.map { template in
      var metadata = template["metadata"]
      metadata.merge([
        "name": .string("\(template.name)-\(set.name)-\(ordinal)"), "namespace": .string(set.namespace),
        "labels": JSON(set["spec", "selector", "matchLabels"].strings),
      ])
      var claim: JSON = [
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": template["spec"],
      ]
      Defaults.fill(&claim, .persistentVolumeClaims)
      return claim
    }
  }
}
