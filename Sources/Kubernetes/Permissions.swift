package import Bench
import FoundationEssentials

/// The permissions that a run needs in its namespace, and the question to the cluster whether they are given.
///
/// They are what kubectl and the watches ask the API server for, by the names under which a Role grants them.
package struct Permissions: Sendable, Hashable {
  /// A verb on a resource.
  package struct Permission: Sendable, Hashable {
    /// As Roles spell it: `get`, `list`, `watch`, `patch`, `delete`.
    package var verb: String
    /// The resource's group; empty for that of pods and events.
    package var group: String
    /// Its plural.
    package var resource: String
    /// What of it: `scale`; empty for the object itself.
    package var subresource = ""
    /// The only object that it is needed for, since Roles can be limited to names; empty for all of the namespace.
    package var name = ""

    /// `deployments.apps/scale`, as `kubectl auth can-i --list` has it.
    package var target: String {
      resource + (group.isEmpty ? "" : ".\(group)") + (subresource.isEmpty ? "" : "/\(subresource)")
    }
  }

  /// What is needed, in the order of use; no two are equal.
  package private(set) var all: [Permission] = []

  /// What a run with these changes and this strategy needs to change, watch and put back.
  ///
  /// A run without rollback needs the same: a change that is interrupted is put back.
  package init(changes: [RolloutChange], strategy: StrategyChange?) {
    for change in changes {
      let workload = change.workload
      add(["get", "list", "watch"], "apps", workload.kind.resource, name: workload.name)
      if change.trigger != .deletePod || strategy != nil {
        add(["patch"], "apps", workload.kind.resource, name: workload.name)
      }
      if case .scale = change.trigger {
        add(["patch"], "apps", workload.kind.resource, subresource: "scale", name: workload.name)
      }
      if change.trigger == .deletePod { add(["delete"], "", "pods") }
      switch workload.kind {
      case .deployment: add(["list", "watch"], "apps", "replicasets")
      // `rollout undo` looks for the revision before in them.
      case .statefulSet: add(["list"], "apps", "controllerrevisions")
      }
    }
    add(["list", "watch"], "", "pods")
    add(["list", "watch"], "discovery.k8s.io", "endpointslices")
    add(["list", "watch"], "", "events")
  }

  private mutating func add(
    _ verbs: [String], _ group: String, _ resource: String, subresource: String = "", name: String = ""
  ) {
    for verb in verbs {
      let permission = Permission(verb: verb, group: group, resource: resource, subresource: subresource, name: name)
      if !all.contains(permission) { all.append(permission) }
    }
  }

  // MARK: The question

  /// SelfSubjectAccessReviews for `kubectl create -f -`, an object a line.
  package func reviews(namespace: String) -> String {
    struct Review: Encodable {
      struct Spec: Encodable {
        var resourceAttributes: [String: String]
      }
      var apiVersion = "authorization.k8s.io/v1"
      var kind = "SelfSubjectAccessReview"
      var metadata: [String: String] = [:]
      var spec: Spec
    }
    return all.compactMap { permission in
      let asked = Review(
        spec: Review.Spec(resourceAttributes: [
          "namespace": namespace, "verb": permission.verb, "group": permission.group, "resource": permission.resource,
          "subresource": permission.subresource, "name": permission.name,
        ]))
      return (try? JSONEncoder().encode(asked)).map { String(decoding: $0, as: UTF8.self) + "\n" }
    }.joined()
  }

  /// The arguments that ask: one kubectl for all reviews, which creates nothing that stays.
  package static let question = [
    "create", "-f", "-", "--validate=false", "-o",
    "jsonpath="
      + ["verb", "group", "resource", "subresource", "name"].map { "{.spec.resourceAttributes.\($0)}{\"\\t\"}" }
      .joined()
      + "{.status.allowed}{\"\\n\"}",
  ]

  /// What is not given, by the lines that kubectl printed; nil when it did not say so of every permission.
  package func missing(in answer: String) -> [Permission]? {
    var verdicts: [Permission: Bool] = [:]
    for line in answer.split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 6, let isAllowed = Bool(fields[5]) else { continue }
      let permission = Permission(
        verb: fields[0], group: fields[1], resource: fields[2], subresource: fields[3], name: fields[4])
      verdicts[permission] = isAllowed
    }
    guard all.allSatisfy({ verdicts[$0] != nil }) else { return nil }
    return all.filter { verdicts[$0] == false }
  }

  /// `patch deployments.apps, list and watch replicasets.apps`: what is missing, grouped for people.
  package static func sentence(_ missing: [Permission]) -> String {
    var targets: [(name: String, verbs: [String])] = []
    for permission in missing {
      if let place = targets.firstIndex(where: { $0.name == permission.target }) {
        if !targets[place].verbs.contains(permission.verb) { targets[place].verbs.append(permission.verb) }
      } else {
        targets.append((permission.target, [permission.verb]))
      }
    }
    return targets.map { "\($0.verbs.listed) \($0.name)" }.joined(separator: ", ")
  }
}

extension Workload.Kind {
  /// The plural by which the API knows it: `deployments`.
  package var resource: String { rawValue + "s" }
}

extension [String] {
  /// `a, b and c`.
  fileprivate var listed: String {
    count < 2 ? joined() : dropLast().joined(separator: ", ") + " and " + (last ?? "")
  }
}
