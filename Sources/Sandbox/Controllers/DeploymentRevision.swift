/// The annotations by which a Deployment and its ReplicaSets remember revisions and sizes.
enum DeploymentRevision {
  static let revision = "deployment.kubernetes.io/revision"
  static let history = "deployment.kubernetes.io/revision-history"
  static let desiredReplicas = "deployment.kubernetes.io/desired-replicas"
  static let maxReplicas = "deployment.kubernetes.io/max-replicas"

  // Annotations of a Deployment that its ReplicaSets do not take over.
  static let notCopied: Set<String> = [
    "kubectl.kubernetes.io/last-applied-configuration", revision, history, desiredReplicas, maxReplicas,
    "deprecated.deployment.rollback.to",
  ]

  /// The revision of a ReplicaSet; 0 if it has none.
  static func of(_ set: JSON) -> Int {
    set["metadata", "annotations", revision].string.flatMap { Int($0) } ?? 0
  }
}

/// Revisions: the ReplicaSet of the present template is found or made, and given the highest number.
/// (kubernetes/pkg/controller/deployment/sync.go, getNewReplicaSet)
extension DeploymentSync {
  mutating func syncRevision(creating: Bool) {
    let revision = (oldIndices.map { DeploymentRevision.of(sets[$0]) }.max() ?? 0) + 1
    if let new = newIndex {
      annotate(new, revision: revision)
      sets[new]["spec", "minReadySeconds"] = deployment["spec", "minReadySeconds"]
      noteRevision(of: sets[new])
      if hasProgressDeadline, condition("Progressing").isNull {
        setCondition("Progressing", "True", "FoundNewReplicaSet", "Found new replica set \"\(sets[new].name)\"")
      }
    } else if creating {
      create(revision: revision)
    }
  }

  private mutating func create(revision: Int) {
    let total = total(sets.indices)
    sets.append(newSet(replicas: replicasForNew(now: 0, total: total)))
    let new = sets.count - 1
    annotate(new, revision: revision)
    annotateSizes(new)
    created = sets[new]
    noteRevision(of: sets[new])
    if sets[new].desiredReplicas > 0 { noteScaling(new, from: 0) }
    if hasProgressDeadline {
      setCondition("Progressing", "True", "NewReplicaSetCreated", "Created new replica set \"\(sets[new].name)\"")
    }
  }

  private func newSet(replicas: Int) -> JSON {
    var template = PodTemplateHash.withoutHash(deployment["spec", "template"])
    let hash = PodTemplateHash.of(template)
    template["metadata", "labels", PodTemplateHash.label] = .string(hash)
    var selector = deployment["spec", "selector"]
    selector["matchLabels", PodTemplateHash.label] = .string(hash)
    var set: JSON = [
      "apiVersion": "apps/v1", "kind": "ReplicaSet",
      "metadata": [
        "name": .string("\(deployment.name)-\(hash)"), "namespace": .string(deployment.namespace),
        "labels": template["metadata", "labels"], "ownerReferences": [deployment.controllerReference],
        // Until the store has given it a time: it is the youngest.
        "creationTimestamp": .string(Timestamp.text(now)),
      ],
      "spec": ["replicas": .int(replicas), "selector": selector, "template": template],
      "status": ["replicas": 0],
    ]
    set["spec", "minReadySeconds"] = deployment["spec", "minReadySeconds"]
    return set
  }

  private mutating func annotate(_ index: Int, revision: Int) {
    for (key, value) in deployment["metadata", "annotations"].strings where !DeploymentRevision.notCopied.contains(key)
    {
      sets[index]["metadata", "annotations", key] = .string(value)
    }
    let old = DeploymentRevision.of(sets[index])
    guard old < revision else { return }
    sets[index]["metadata", "annotations", DeploymentRevision.revision] = .string("\(revision)")
    // A revision that comes back keeps in mind the numbers that it had.
    guard old > 0 else { return }
    let history = sets[index]["metadata", "annotations", DeploymentRevision.history].string
    let numbers = (history.map { $0.split(separator: ",").map(String.init) } ?? []) + ["\(old)"]
    sets[index]["metadata", "annotations", DeploymentRevision.history] = .string(numbers.joined(separator: ","))
  }

  private mutating func noteRevision(of set: JSON) {
    deployment["metadata", "annotations", DeploymentRevision.revision] =
      set["metadata", "annotations", DeploymentRevision.revision]
  }

  /// Deletes the oldest ReplicaSets that are empty, beyond revisionHistoryLimit. (sync.go, cleanupDeployment)
  mutating func cleanUp() {
    let limit = deployment["spec", "revisionHistoryLimit"].int ?? 10
    let old = oldIndices.map { sets[$0] }.filter { !$0.isTerminating }
      .sorted { DeploymentRevision.of($0) < DeploymentRevision.of($1) }
    for set in old.prefix(max(0, old.count - limit)) {
      let settled = set["metadata", "generation"].int ?? 0 <= set.count("observedGeneration")
      if set.count("replicas") == 0, set.desiredReplicas == 0, settled { deleted.append(set) }
    }
  }
}
