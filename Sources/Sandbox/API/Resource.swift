/// A kind of object that the API server serves: where it lives in the API and what it is called.
///
/// ``all`` is the whole table. Kinds without a controller here are stored and shown, no more.
package struct Resource: Hashable, Sendable {
  /// The API group; empty for the core group.
  package let group: String
  /// The only version served.
  package let version: String
  /// The kind of one object, such as `Deployment`.
  package let kind: String
  /// The name in a URL, such as `deployments`.
  package let plural: String
  /// What else kubectl may call it.
  package let shortNames: [String]
  /// Whether its objects live in a namespace.
  package let namespaced: Bool
  /// Whether `kubectl get all` shows it.
  package let inAll: Bool
  /// Subresources served, such as `status` and `scale`.
  package let subresources: [String]
  /// What can be done with it.
  package let verbs: [String]

  private init(
    _ kind: String, _ plural: String, group: String = "", version: String = "v1", short: [String] = [],
    namespaced: Bool = true, inAll: Bool = false, subresources: [String] = [],
    verbs: [String] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
  ) {
    self.group = group
    self.version = version
    self.kind = kind
    self.plural = plural
    self.shortNames = short
    self.namespaced = namespaced
    self.inAll = inAll
    self.subresources = subresources
    self.verbs = verbs
  }

  /// `v1`, or `apps/v1`: what stands in an object's `apiVersion`.
  package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

  /// The singular name, such as `deployment`.
  package var singular: String { kind.lowercased() }

  /// `pods`, or `deployments.apps`: how messages name it.
  package var qualifiedName: String { group.isEmpty ? plural : "\(plural).\(group)" }
}

extension Resource {
  /// Namespaces.
  package static let namespaces = Resource("Namespace", "namespaces", short: ["ns"], namespaced: false)
  /// Nodes: the one node that this machine is.
  package static let nodes = Resource("Node", "nodes", short: ["no"], namespaced: false, subresources: ["status"])
  /// Pods.
  package static let pods = Resource(
    "Pod", "pods", short: ["po"], inAll: true, subresources: ["status", "log", "exec", "attach", "portforward"])
  /// Services.
  package static let services = Resource(
    "Service", "services", short: ["svc"], inAll: true, subresources: ["status"])
  /// ConfigMaps.
  package static let configMaps = Resource("ConfigMap", "configmaps", short: ["cm"])
  /// Secrets.
  package static let secrets = Resource("Secret", "secrets")
  /// Events of the core group.
  package static let events = Resource("Event", "events", short: ["ev"])
  /// Claims of storage.
  package static let persistentVolumeClaims = Resource(
    "PersistentVolumeClaim", "persistentvolumeclaims", short: ["pvc"], subresources: ["status"])
  /// ServiceAccounts.
  package static let serviceAccounts = Resource(
    "ServiceAccount", "serviceaccounts", short: ["sa"], subresources: ["token"])
  /// What the pods of a namespace may have together.
  package static let resourceQuotas = Resource(
    "ResourceQuota", "resourcequotas", short: ["quota"], subresources: ["status"])
  /// Deployments.
  package static let deployments = Resource(
    "Deployment", "deployments", group: "apps", short: ["deploy"], inAll: true, subresources: ["scale", "status"])
  /// ReplicaSets.
  package static let replicaSets = Resource(
    "ReplicaSet", "replicasets", group: "apps", short: ["rs"], inAll: true, subresources: ["scale", "status"])
  /// StatefulSets.
  package static let statefulSets = Resource(
    "StatefulSet", "statefulsets", group: "apps", short: ["sts"], inAll: true, subresources: ["scale", "status"])
  /// Ingresses.
  package static let ingresses = Resource(
    "Ingress", "ingresses", group: "networking.k8s.io", short: ["ing"], subresources: ["status"])
  /// NetworkPolicies.
  package static let networkPolicies = Resource(
    "NetworkPolicy", "networkpolicies", group: "networking.k8s.io", short: ["netpol"])
  /// EndpointSlices.
  package static let endpointSlices = Resource("EndpointSlice", "endpointslices", group: "discovery.k8s.io")
  /// PodDisruptionBudgets.
  package static let podDisruptionBudgets = Resource(
    "PodDisruptionBudget", "poddisruptionbudgets", group: "policy", short: ["pdb"], subresources: ["status"])
  /// HorizontalPodAutoscalers.
  package static let horizontalPodAutoscalers = Resource(
    "HorizontalPodAutoscaler", "horizontalpodautoscalers", group: "autoscaling", version: "v2", short: ["hpa"],
    inAll: true, subresources: ["status"])
  /// Jobs.
  package static let jobs = Resource("Job", "jobs", group: "batch", inAll: true, subresources: ["status"])
  /// Volumes: made for claims here, a folder each.
  package static let persistentVolumes = Resource(
    "PersistentVolume", "persistentvolumes", short: ["pv"], namespaced: false, subresources: ["status"])
  /// Endpoints, the older form of EndpointSlices.
  package static let endpoints = Resource("Endpoints", "endpoints", short: ["ep"])
  /// Revisions of StatefulSets.
  package static let controllerRevisions = Resource("ControllerRevision", "controllerrevisions", group: "apps")
  /// Classes of Ingresses.
  package static let ingressClasses = Resource(
    "IngressClass", "ingressclasses", group: "networking.k8s.io", namespaced: false)
  /// Classes of storage.
  package static let storageClasses = Resource(
    "StorageClass", "storageclasses", group: "storage.k8s.io", short: ["sc"], namespaced: false)
  /// Roles in a namespace.
  package static let roles = Resource("Role", "roles", group: "rbac.authorization.k8s.io")
  /// Who has a role.
  package static let roleBindings = Resource("RoleBinding", "rolebindings", group: "rbac.authorization.k8s.io")
  /// Roles in all namespaces.
  package static let clusterRoles = Resource(
    "ClusterRole", "clusterroles", group: "rbac.authorization.k8s.io", namespaced: false)
  /// Who has a role in all namespaces.
  package static let clusterRoleBindings = Resource(
    "ClusterRoleBinding", "clusterrolebindings", group: "rbac.authorization.k8s.io", namespaced: false)

  /// The question whether the client may do something.
  static let selfSubjectAccessReviews = Resource(
    "SelfSubjectAccessReview", "selfsubjectaccessreviews", group: "authorization.k8s.io", namespaced: false,
    verbs: ["create"])
  /// The question what the client may do in a namespace.
  static let selfSubjectRulesReviews = Resource(
    "SelfSubjectRulesReview", "selfsubjectrulesreviews", group: "authorization.k8s.io", namespaced: false,
    verbs: ["create"])
  /// The question who the client is.
  static let selfSubjectReviews = Resource(
    "SelfSubjectReview", "selfsubjectreviews", group: "authentication.k8s.io", namespaced: false, verbs: ["create"])

  /// Every kind stored, in the order of discovery.
  package static let all: [Resource] = [
    .namespaces, .nodes, .pods, .services, .configMaps, .secrets, .events, .persistentVolumeClaims, .resourceQuotas,
    .serviceAccounts,
    .deployments, .replicaSets, .statefulSets, .ingresses, .networkPolicies, .endpointSlices, .podDisruptionBudgets,
    .horizontalPodAutoscalers, .jobs, .persistentVolumes, .endpoints, .controllerRevisions, .ingressClasses,
    .storageClasses, .roles, .roleBindings, .clusterRoles, .clusterRoleBindings,
  ]

  /// The kinds that are answered and never stored.
  static let reviews: [Resource] = [.selfSubjectReviews, .selfSubjectAccessReviews, .selfSubjectRulesReviews]

  /// Every kind that can be asked for.
  static let served = all + reviews

  /// The kind of that name in that group version; nil if it is not served.
  package static func named(_ plural: String, group: String, version: String) -> Resource? {
    served.first { $0.plural == plural && $0.group == group && $0.version == version }
  }
}
