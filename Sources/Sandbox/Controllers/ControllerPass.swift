package import FoundationEssentials

/// The work of the controllers without waiting.
package struct ControllerPass {
  private let store: ObjectStore
  private var names: NameGenerator
  private var endings: PodEndings
  private var refused = RefusedPods()
  // Each round scales at most one step, and the largest rollout has fewer steps than this.
  private static let mostRounds = 200

  /// The controllers of a store; `lag` is how late EndpointSlices follow the end of a pod.
  package init(store: ObjectStore, names: NameGenerator, lag: EndpointLag = .none) {
    self.store = store
    self.names = names
    endings = PodEndings(lag: lag)
  }

  /// Runs all controllers until none wants to change anything more; gives the time at which one of them must look
  /// again though nothing changes, or nil.
  package mutating func settle() -> Date? {
    for _ in 0..<Self.mostRounds {
      let (changed, again) = round()
      if !changed { return again }
    }
    // Two writers that never agree must not hold the machine; the next change goes on from here.
    return store.now.addingTimeInterval(1)
  }

  /// Runs each controller once; says whether any did something, and when to look again at the latest.
  package mutating func round() -> (changed: Bool, again: Date?) {
    var again: [Date] = []
    var changed = false
    for step in Step.allCases {
      for outcome in outcomes(of: step) {
        changed = apply(outcome.actions) || changed
        if let date = outcome.again { again.append(date) }
      }
    }
    return (changed, again.min())
  }

  private enum Step: CaseIterable {
    case deployments
    case replicaSets
    case statefulSets
    case claims
    case volumes
    case services
    case endpoints
    case budgets
    case quotas
    case autoscalers
    case jobs
    case accounts
    case namespaces
  }

  private mutating func outcomes(of step: Step) -> [ControllerOutcome] {
    let now = store.now
    let pods = store.list(.pods).items
    switch step {
    case .deployments:
      let sets = store.list(.replicaSets).items
      return store.list(.deployments).items.map {
        DeploymentController.sync($0, replicaSets: sets, pods: pods, now: now)
      }
    case .replicaSets:
      return store.list(.replicaSets).items.map {
        ReplicaSetController.sync($0, pods: pods, refusal: refused.refusal(of: $0), now: now, names: &names)
      }
    case .statefulSets:
      let revisions = store.list(.controllerRevisions).items
      let claims = store.list(.persistentVolumeClaims).items
      return store.list(.statefulSets).items.map {
        StatefulSetController.sync(
          $0, pods: pods, revisions: revisions, claims: claims, refusal: refused.refusal(of: $0), now: now)
      }
    case .claims:
      let (volumes, classes) = (store.list(.persistentVolumes).items, store.list(.storageClasses).items)
      return store.list(.persistentVolumeClaims).items.map {
        VolumeController.sync($0, classes: Set(classes.map(\.name)), volumes: volumes)
      }
    case .volumes:
      let claims = store.list(.persistentVolumeClaims).items
      return store.list(.persistentVolumes).items.map { VolumeController.sync(volume: $0, claims: claims) }
    case .services:
      let slices = store.list(.endpointSlices).items
      endings.look(at: pods, now: now)
      if endings.awaitsSignals { endings.look(atEvents: store.list(.events).items, now: now) }
      return store.list(.services).items.map {
        EndpointSliceController.sync($0, slices: slices, pods: pods, endings: endings, now: now, names: &names)
      }
    case .endpoints:
      let (slices, all) = (store.list(.endpointSlices).items, store.list(.endpoints).items)
      return store.list(.services).items.map { EndpointsController.sync($0, slices: slices, all: all) }
    case .budgets:
      let workloads = workloads
      return store.list(.podDisruptionBudgets).items.map {
        DisruptionController.sync($0, pods: pods, workloads: workloads, now: now)
      }
    case .quotas: return store.list(.resourceQuotas).items.map { QuotaController.sync($0, pods: pods) }
    case .autoscalers:
      let workloads = workloads
      return store.list(.horizontalPodAutoscalers).items.map {
        AutoscalerController.sync($0, workloads: workloads, now: now)
      }
    case .jobs: return store.list(.jobs).items.map { JobController.sync($0, now: now) }
    case .accounts:
      let accounts = store.list(.serviceAccounts).items
      return store.list(.namespaces).items.map { NamespaceController.account(of: $0, accounts: accounts) }
    case .namespaces:
      return store.list(.namespaces).items.filter(\.isTerminating).map { namespace in
        let contents = Resource.all.filter(\.namespaced).flatMap { resource in
          store.list(resource, namespace: namespace.name).items.map { (resource: resource, object: $0) }
        }
        return NamespaceController.sync(namespace, contents: contents, now: now)
      }
    }
  }

  private var workloads: [JSON] {
    [Resource.deployments, .replicaSets, .statefulSets].flatMap { store.list($0).items }
  }

  private mutating func apply(_ actions: [ControllerAction]) -> Bool {
    var changed = false
    var isDone = true
    var isRefused = false
    for action in actions {
      if case .create(let pod, .pods) = action {
        // After the first refusal the rest waits, as it does in a real cluster.
        let creation = isRefused ? .failed : create(pod)
        isRefused = isRefused || creation == .refused
        changed = changed || creation != .failed
        isDone = creation == .done
        continue
      }
      if case .event(let event) = action {
        // What did not happen is not told.
        if isDone { store.record(event) }
        continue
      }
      let didChange = apply(action)
      changed = didChange || changed
      if case .replace = action { isDone = true } else { isDone = didChange }
    }
    return changed
  }

  private enum Creation {
    case done
    case refused
    case failed
  }

  private mutating func create(_ pod: JSON) -> Creation {
    do throws(APIStatus) {
      try store.create(pod, .pods)
      if let uid = pod.controllerUID { refused.clear(uid) }
      return .done
    } catch {
      guard error.code != .alreadyExists, let owner = owner(of: pod) else { return .failed }
      refused.note(owner, error.message, now: store.now)
      store.record(.failedCreate(pod, of: owner, error.message))
      return .refused
    }
  }

  private func owner(of pod: JSON) -> JSON? {
    guard let reference = pod["metadata", "ownerReferences"].elements.first(where: { $0["controller"].bool == true }),
      let resource = [Resource.replicaSets, .statefulSets].first(where: { $0.kind == reference["kind"].string })
    else { return nil }
    return store.get(resource, namespace: pod.namespace, name: reference["name"].string ?? "")
  }

  // What fails here, because another writer was quicker, is decided anew with what that writer left.
  private func apply(_ action: ControllerAction) -> Bool {
    switch action {
    case .create(let object, let resource):
      return (try? store.create(object, resource)) != nil
    case .replace(let object, let resource):
      let version = store.resourceVersion
      _ = try? store.update(resource, namespace: object.namespace, name: object.name) { stored throws(APIStatus) in
        guard stored["metadata", "resourceVersion"] == object["metadata", "resourceVersion"] else {
          throw .conflict(resource, object.name)
        }
        stored = object
      }
      return store.resourceVersion != version
    case .delete(let resource, let namespace, let name):
      return (try? store.markDeleted(resource, namespace: namespace, name: name)) != nil
    case .remove(let resource, let namespace, let name):
      return store.remove(resource, namespace: namespace, name: name) != nil
    case .event:
      return false
    }
  }
}
