import FoundationEssentials
import TestSupport
import Testing

@testable import Sandbox

/// What a ServiceAccount is answered, with the shipped Role.
@Suite("Access to the API")
struct AccessAnswerTests {
  private let clock = TestClock()
  private let store: ObjectStore
  private let api: API

  init() throws {
    let clock = clock
    store = ObjectStore(clock: { clock.now }, seed: 1)
    let manifests = try Manifests(folder: Executables.projectFile("Profiles/manifests"))
    try ShippedObjects(manifests).create(in: store)
    api = API(store)
  }

  private func votebench() throws -> API {
    let account = try #require(store.get(.serviceAccounts, namespace: "oggy", name: "votebench"))
    var api = api
    api.identity = .account(account)
    return api
  }

  private static let apps = "/apis/apps/v1/namespaces/oggy"
  private static let core = "/api/v1/namespaces/oggy"

  /// Everything that a run asks of the API, and the permission that it needs.
  private static let needed: [(method: String, path: String, verb: String, resource: String)] =
    ["deployments", "statefulsets"].flatMap { kind in
      [
        ("GET", "\(apps)/\(kind)/db", "get", kind), ("GET", "\(apps)/\(kind)", "list", kind),
        ("GET", "\(apps)/\(kind)?watch=1", "watch", kind), ("PATCH", "\(apps)/\(kind)/db", "patch", kind),
        ("PATCH", "\(apps)/\(kind)/db/scale", "patch", "\(kind)/scale"),
      ]
    } + [
      ("GET", "\(apps)/replicasets", "list", "replicasets"),
      ("GET", "\(apps)/replicasets?watch=1", "watch", "replicasets"),
      ("GET", "\(apps)/controllerrevisions", "list", "controllerrevisions"),
      ("GET", "\(core)/pods/x", "get", "pods"), ("GET", "\(core)/pods", "list", "pods"),
      ("GET", "\(core)/pods?watch=1", "watch", "pods"), ("DELETE", "\(core)/pods/x", "delete", "pods"),
      ("POST", "\(core)/pods/x/exec", "create", "pods/exec"), ("GET", "\(core)/pods/x/exec", "get", "pods/exec"),
      ("GET", "\(core)/events", "list", "events"), ("GET", "\(core)/events?watch=1", "watch", "events"),
      ("GET", "/apis/discovery.k8s.io/v1/namespaces/oggy/endpointslices", "list", "endpointslices"),
      ("GET", "/apis/discovery.k8s.io/v1/namespaces/oggy/endpointslices?watch=1", "watch", "endpointslices"),
    ]

  @Test("the shipped Role grants what a run needs and no verb more, and without a verb just that one is refused")
  func shippedRole() throws {
    let api = try votebench()
    let role = try #require(store.get(.roles, namespace: "oggy", name: "votebench"))
    var granted: [String] = []
    for (index, rule) in role["rules"].elements.enumerated() {
      for resource in rule["resources"].elements.compactMap(\.string) {
        for verb in rule["verbs"].elements.compactMap(\.string) {
          granted.append("\(verb) \(resource)")
          try store.update(.roles, namespace: "oggy", name: "votebench") { role in
            role["rules"][index]["verbs"] = .array(rule["verbs"].elements.filter { $0.string != verb })
          }
          let refused = Self.needed.filter { api.answer($0.method, $0.path)["reason"] == "Forbidden" }
          #expect(Set(refused.map(\.verb)) == [verb] && refused.contains { $0.resource == resource })
          try store.update(.roles, namespace: "oggy", name: "votebench") { $0["rules"] = role["rules"] }
        }
      }
    }
    #expect(Set(granted) == Set(Self.needed.map { "\($0.verb) \($0.resource)" }))
    #expect(!Self.needed.contains { api.answer($0.method, $0.path)["reason"] == "Forbidden" })
  }

  @Test(
    "what is not granted is refused in a real server's words",
    arguments: [
      (
        "DELETE", "\(apps)/deployments/voting-app",
        #"deployments.apps "voting-app" is forbidden: User "system:serviceaccount:oggy:votebench" cannot delete "#
          + #"resource "deployments" in API group "apps" in the namespace "oggy""#
      ),
      (
        "GET", "\(core)/secrets",
        #"secrets is forbidden: User "system:serviceaccount:oggy:votebench" cannot list resource "secrets" in API "#
          + #"group "" in the namespace "oggy""#
      ),
      (
        "GET", "\(core)/pods/a/log",
        #"pods "a" is forbidden: User "system:serviceaccount:oggy:votebench" cannot get resource "pods/log" in API "#
          + #"group "" in the namespace "oggy""#
      ),
      (
        "GET", "/api/v1/nodes",
        #"nodes is forbidden: User "system:serviceaccount:oggy:votebench" cannot list resource "nodes" in API "#
          + #"group "" at the cluster scope"#
      ),
      ("GET", "/metrics", #"forbidden: User "system:serviceaccount:oggy:votebench" cannot get path "/metrics""#),
    ])
  func refusals(method: String, path: String, message: String) throws {
    let answer = try votebench().answer(method, path)
    #expect(answer["message"].string == message)
    #expect(answer["code"] == 403)
  }

  @Test("whoever may patch cannot create by an apply")
  func apply() throws {
    let body: JSON = ["apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "new"]]
    let answer = try votebench().answer(
      "PATCH", "\(Self.apps)/deployments/new?fieldManager=a", body, type: "application/apply-patch+yaml")
    #expect(answer["message"].string?.contains("cannot create resource \"deployments\"") == true)
  }

  @Test(
    "a client can ask what it may do",
    arguments: [
      (["namespace": "oggy", "verb": "patch", "group": "apps", "resource": "deployments"], true),
      (
        ["namespace": "oggy", "verb": "patch", "group": "apps", "resource": "deployments", "subresource": "scale"], true
      ),
      (["namespace": "oggy", "verb": "delete", "group": "apps", "resource": "deployments"], false),
      (["verb": "list", "resource": "pods"], false),
    ] as [(JSON, Bool)])
  func accessReview(attributes: JSON, isAllowed: Bool) throws {
    let body: JSON = [
      "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
      "spec": ["resourceAttributes": attributes],
    ]
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    let answer = try votebench().answer("POST", path, body)
    #expect(answer["status", "allowed"].bool == isAllowed)
    #expect(answer["spec"] == body["spec"])
    #expect(api.answer("POST", path, body)["status", "allowed"] == true)
    #expect(api.answer("GET", path)["reason"] == "MethodNotAllowed")
  }

  // MARK: Tokens

  private static let tokens = "\(core)/serviceaccounts/votebench/token"
  private static let request: JSON = ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": [:]]

  private func user(_ token: String) -> String? {
    let access = api.service.access
    return try? access.identity(clientVerify: nil, authorization: "Bearer \(token)", store: store).user
  }

  @Test("a token is its ServiceAccount's until it expires")
  func expiry() throws {
    let answer = api.answer("POST", Self.tokens, Self.request)
    let token = try #require(answer["status", "token"].string)
    #expect(user(token) == "system:serviceaccount:oggy:votebench")
    #expect(user(token + "x") == nil)
    #expect(answer["status", "expirationTimestamp"] == "2026-11-22T20:00:00Z")
    clock.advance(3_599)
    #expect(user(token) != nil)
    clock.advance(1)
    #expect(user(token) == nil)
  }

  @Test("a token ends with its ServiceAccount, also if another comes by that name")
  func bound() throws {
    let token = try #require(api.answer("POST", Self.tokens, Self.request)["status", "token"].string)
    store.remove(.serviceAccounts, namespace: "oggy", name: "votebench")
    #expect(user(token) == nil)
    try store.create(["metadata": ["name": "votebench", "namespace": "oggy"]], .serviceAccounts)
    #expect(user(token) == nil)
  }

  @Test("a token is refused for less than ten minutes, for no ServiceAccount, and to who may not make one")
  func refusedTokens() throws {
    var short = Self.request
    short["spec", "expirationSeconds"] = 599
    #expect(api.answer("POST", Self.tokens, short)["code"] == 422)
    #expect(api.answer("POST", "\(Self.core)/serviceaccounts/nobody/token", Self.request)["code"] == 404)
    #expect(try votebench().answer("POST", Self.tokens, Self.request)["code"] == 403)
  }
}
