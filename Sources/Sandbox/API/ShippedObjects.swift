/// The objects that a sandbox starts with: those of the manifests, and what a cluster has of its own.
///
/// The TLS Secret, which no file can have, is added to the manifests.
package struct ShippedObjects: Sendable {
  /// The namespace of the voting system.
  package static let namespace = "oggy"
  /// The name of its TLS Secret.
  package static let tlsSecret = "oggy-tls"

  private let manifests: [(resource: Resource, object: JSON)]
  private let tls: JSON?
  private let podEnvironment: [String: String]

  /// The objects, with a Secret of type `kubernetes.io/tls` if there is one.
  ///
  /// `podEnvironment` is added to that of the containers of the Deployment `voting-app`. Throws `manifestInvalid` where
  /// the manifests cannot be read.
  package init(
    _ manifests: Manifests, tls: JSON? = nil, podEnvironment: [String: String] = [:]
  ) throws(SandboxError) {
    self.manifests = try manifests.objects()
    self.tls = tls
    self.podEnvironment = podEnvironment
  }

  /// Puts them all into a store, as an API server would, so that a mistake in a manifest is found at once.
  ///
  /// Throws what the API server says of the first object that it would refuse; `alreadyExists` if one is there.
  package func create(in store: ObjectStore) throws(APIStatus) {
    for (resource, object) in all {
      var object = object
      Defaults.fill(&object, resource)
      try Validation.check(object, previous: nil, resource)
      try store.create(object, resource)
    }
  }

  /// The objects, in an order in which they can be created.
  package var all: [(resource: Resource, object: JSON)] {
    let own = manifests.map { (resource: $0.resource, object: applied($0.object)) }
    return clusterObjects + own.prefix { $0.resource == .namespaces }
      + (tls.map { [(resource: .secrets, object: $0)] } ?? []) + own.drop { $0.resource == .namespaces }
  }

  // As `kubectl apply` leaves them, so that the next one says what really changed.
  private func applied(_ manifest: JSON) -> JSON {
    var object = manifest
    if object["kind"] == "Deployment", object["metadata", "name"] == "voting-app" {
      let added = podEnvironment.sorted { $0.key < $1.key }.map { name, value -> JSON in
        ["name": .string(name), "value": .string(value)]
      }
      for place in object["spec", "template", "spec", "containers"].elements.indices where !added.isEmpty {
        let before = object["spec", "template", "spec", "containers"][place]["env"].elements
        object["spec", "template", "spec", "containers"][place]["env"] = .array(before + added)
      }
    }
    object["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"] = .string(
      manifest.text + "\n")
    return object
  }

  // What an installation brings, not its users.
  private var clusterObjects: [(resource: Resource, object: JSON)] {
    [
      (.namespaces, ["metadata": ["name": "default"], "spec": ["finalizers": ["kubernetes"]]]),
      (.namespaces, ["metadata": ["name": "kube-system"], "spec": ["finalizers": ["kubernetes"]]]),
      (
        .storageClasses,
        [
          "metadata": [
            "name": "standard", "annotations": ["storageclass.kubernetes.io/is-default-class": "true"],
          ],
          "provisioner": "sandbox.votebench/folder", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate",
        ]
      ),
      (
        .ingressClasses,
        ["metadata": ["name": "nginx"], "spec": ["controller": "k8s.io/ingress-nginx"]]
      ),
    ]
  }
}
