import Testing

@testable import Sandbox

/// The decision alone: Roles and a question in, leave or refusal out.
@Suite("The access policy")
struct AccessPolicyTests {
  private static let account = Identity.account([
    "metadata": ["name": "votebench", "namespace": "oggy", "uid": "1"]
  ])

  private static func policy(
    _ rule: JSON, kind: String = "Role",
    subject: JSON = ["kind": "ServiceAccount", "name": "votebench", "namespace": "oggy"],
    bound: String? = "oggy"
  ) -> AccessPolicy {
    var role: JSON = ["metadata": ["name": "r"], "rules": [rule]]
    if kind == "Role" { role["metadata", "namespace"] = "oggy" }
    var binding: JSON = [
      "metadata": ["name": "b"], "subjects": [subject], "roleRef": ["kind": .string(kind), "name": "r"],
    ]
    if let bound { binding["metadata", "namespace"] = .string(bound) }
    return AccessPolicy(roles: [role], bindings: [binding])
  }

  private static func isAllowed(_ asked: AccessAttributes, _ policy: AccessPolicy, by identity: Identity = account)
    -> Bool
  {
    if case .allowed = policy.decide(asked, by: identity) { return true }
    return false
  }

  private static let patch = AccessAttributes(
    verb: "patch", group: "apps", resource: "deployments", namespace: "oggy", name: "voting-app")

  @Test(
    "a rule grants its verbs on its resources, and nothing beside them",
    arguments: [
      (["verbs": ["patch"], "apiGroups": ["apps"], "resources": ["deployments"]], true),
      (["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]], true),
      (["verbs": ["get", "update"], "apiGroups": ["apps"], "resources": ["deployments"]], false),
      (["verbs": ["patch"], "apiGroups": [""], "resources": ["deployments"]], false),
      (["verbs": ["patch"], "apiGroups": ["apps"], "resources": ["deployments/scale"]], false),
      (["verbs": ["patch"], "apiGroups": ["apps"], "resources": ["*/scale"]], false),
      (
        ["verbs": ["patch"], "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["voting-app"]], true
      ),
      (["verbs": ["patch"], "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["worker"]], false),
      (["verbs": ["patch"], "nonResourceURLs": ["*"]], false),
    ] as [(JSON, Bool)])
  func rules(rule: JSON, isAllowed: Bool) {
    #expect(Self.isAllowed(Self.patch, Self.policy(rule)) == isAllowed)
  }

  @Test(
    "a part of an object is granted by its own name",
    arguments: [
      ("deployments", false), ("deployments/scale", true), ("*/scale", true), ("*", true),
      ("deployments/status", false),
    ])
  func parts(resource: String, isAllowed: Bool) {
    var asked = Self.patch
    asked.subresource = "scale"
    let policy = Self.policy(["verbs": ["patch"], "apiGroups": ["apps"], "resources": [.string(resource)]])
    #expect(Self.isAllowed(asked, policy) == isAllowed)
  }

  @Test(
    "a binding is for its subjects, in its namespace or in all",
    arguments: [
      (["kind": "ServiceAccount", "name": "votebench", "namespace": "oggy"], "Role", "oggy", true),
      (["kind": "ServiceAccount", "name": "votebench", "namespace": "other"], "Role", "oggy", false),
      (["kind": "ServiceAccount", "name": "votebench"], "Role", "oggy", false),
      (["kind": "User", "name": "system:serviceaccount:oggy:votebench"], "Role", "oggy", true),
      (["kind": "Group", "name": "system:serviceaccounts:oggy"], "Role", "oggy", true),
      (["kind": "Group", "name": "system:masters"], "Role", "oggy", false),
      (["kind": "Group", "name": "system:authenticated"], "ClusterRole", "oggy", true),
      (["kind": "Group", "name": "system:authenticated"], "ClusterRole", "other", false),
      (["kind": "Group", "name": "system:authenticated"], "ClusterRole", nil, true),
    ] as [(JSON, String, String?, Bool)])
  func bindings(subject: JSON, kind: String, bound: String?, isAllowed: Bool) {
    let rule: JSON = ["verbs": ["patch"], "apiGroups": ["apps"], "resources": ["deployments"]]
    let policy = Self.policy(rule, kind: kind, subject: subject, bound: bound)
    #expect(Self.isAllowed(Self.patch, policy) == isAllowed)
  }

  @Test("the admin may everything, a client with credentials may discover, and one without may nothing")
  func given() {
    let none = AccessPolicy(roles: [], bindings: [])
    let questions = [
      Self.patch, AccessAttributes(verb: "get", path: "/apis/apps/v1"),
      AccessAttributes(verb: "create", group: "authorization.k8s.io", resource: "selfsubjectaccessreviews"),
      AccessAttributes(verb: "get", path: "/metrics"),
    ]
    #expect(questions.map { Self.isAllowed($0, none, by: .admin) } == [true, true, true, true])
    #expect(questions.map { Self.isAllowed($0, none) } == [false, true, true, false])
    #expect(questions.map { Self.isAllowed($0, none, by: .anonymous) } == [false, false, false, false])
  }

  @Test("the reason names the binding, or the role that is bound and not there")
  func reasons() {
    var policy = Self.policy(["verbs": ["patch"], "apiGroups": ["apps"], "resources": ["deployments"]])
    let source = #"RoleBinding "b/oggy" of Role "r" to ServiceAccount "votebench/oggy""#
    #expect(policy.decide(Self.patch, by: Self.account) == .allowed(reason: "RBAC: allowed by \(source)"))
    policy.roles = []
    let missing = #"RBAC: role.rbac.authorization.k8s.io "r" not found"#
    #expect(policy.decide(Self.patch, by: Self.account) == .denied(reason: missing))
  }

  @Test(
    "a request asks for the verb of its method and path",
    arguments: [
      ("GET", "/api/v1/namespaces/oggy/pods", "list pods in oggy"),
      ("GET", "/api/v1/namespaces/oggy/pods?watch=1", "watch pods in oggy"),
      ("GET", "/api/v1/namespaces/oggy/pods?watch=false", "list pods in oggy"),
      ("GET", "/api/v1/namespaces/oggy/pods?watch=true&fieldSelector=metadata.name%3Da", "watch pods a in oggy"),
      ("GET", "/api/v1/pods", "list pods in "),
      ("GET", "/api/v1/namespaces/oggy/pods/a", "get pods a in oggy"),
      ("GET", "/api/v1/namespaces/oggy/pods/a/log?follow=true", "get pods/log a in oggy"),
      ("GET", "/api/v1/namespaces/oggy/pods/a/exec?command=ls", "get pods/exec a in oggy"),
      ("POST", "/api/v1/namespaces/oggy/pods/a/exec?command=ls", "create pods/exec a in oggy"),
      ("POST", "/api/v1/namespaces/oggy/serviceaccounts/a/token", "create serviceaccounts/token a in oggy"),
      ("PUT", "/apis/apps/v1/namespaces/oggy/deployments/a", "update deployments.apps a in oggy"),
      ("PATCH", "/apis/apps/v1/namespaces/oggy/deployments/a/scale", "patch deployments.apps/scale a in oggy"),
      ("DELETE", "/apis/apps/v1/namespaces/oggy/deployments/a", "delete deployments.apps a in oggy"),
      ("DELETE", "/apis/apps/v1/namespaces/oggy/deployments", "deletecollection deployments.apps in oggy"),
      ("GET", "/api/v1/namespaces/oggy", "get namespaces oggy in oggy"),
      ("GET", "/api/v1/namespaces", "list namespaces in "),
      ("GET", "/apis/apps/v1", "get /apis/apps/v1"),
      ("GET", "/version", "get /version"),
    ])
  func requests(method: String, target: String, asks: String) {
    let asked = AccessAttributes(APIRequest(method: method, target: target))
    let kind = asked.resource + (asked.group.isEmpty ? "" : ".\(asked.group)")
    let part = asked.subresource.isEmpty ? "" : "/\(asked.subresource)"
    let name = asked.name.isEmpty ? "" : " \(asked.name)"
    #expect(
      asked.path.map { "\(asked.verb) \($0)" } ?? "\(asked.verb) \(kind)\(part)\(name) in \(asked.namespace)" == asks)
  }
}
