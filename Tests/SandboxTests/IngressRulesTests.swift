import Testing

@testable import Sandbox

@Suite("What Ingress objects ask for")
struct IngressRulesTests {
  /// An Ingress of one rule for each host, each with these paths.
  static func ingress(
    _ name: String = "app", host: String? = "oggy.local", paths: [JSON], age: Int = 0, spec more: JSON = [:],
    annotations: [String: String] = [:]
  ) -> JSON {
    var rule: JSON = ["http": ["paths": .array(paths)]]
    if let host { rule["host"] = .string(host) }
    var spec: JSON = ["rules": [rule]]
    spec.merge(more)
    return [
      "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
      "metadata": [
        "name": .string(name), "namespace": "oggy", "annotations": JSON(annotations), "uid": .string(name),
        "creationTimestamp": .string("2026-01-01T00:00:\(10 + age)Z"),
      ], "spec": spec,
    ]
  }

  static func path(_ path: String, _ type: String = "Prefix", to service: String = "voting-service") -> JSON {
    [
      "path": .string(path), "pathType": .string(type),
      "backend": ["service": ["name": .string(service), "port": ["number": 80]]],
    ]
  }

  private func lines(_ ingresses: JSON...) -> [String] {
    IngressRules(ingresses).routes.map { "\($0.host) \($0.match) \($0.path) \($0.backend.service) \($0.redirects)" }
  }

  @Test("each path becomes a route, with its host in small letters and a prefix without a slash at its end")
  func paths() {
    let ingress = Self.ingress(
      host: "Oggy.Local",
      paths: [Self.path("/vote/"), Self.path("/", "Exact"), Self.path("/x/", "ImplementationSpecific"), Self.path("/")])
    #expect(
      lines(ingress) == [
        "oggy.local prefix /vote voting-service false", "oggy.local exact / voting-service false",
        "oggy.local start /x/ voting-service false", "oggy.local prefix  voting-service false",
      ])
  }

  @Test("a default backend takes what no path does, on the Ingress's hosts and on those of nobody")
  func defaultBackend() {
    let backend: JSON = ["service": ["name": "other", "port": ["name": "http"]]]
    let ingress = Self.ingress(paths: [Self.path("/vote")], spec: ["defaultBackend": backend])
    #expect(
      lines(ingress) == [
        "oggy.local prefix /vote voting-service false", "oggy.local start  other false", " start  other false",
      ])
    #expect(IngressRules([ingress]).routes[1].backend.key == "oggy/other/http")
  }

  @Test("the older of two Ingresses has the host and path, and the other one is told so")
  func conflict() {
    let old = Self.ingress("old", paths: [Self.path("/vote", to: "first")])
    let new = Self.ingress(
      "new", paths: [Self.path("/vote/", to: "second"), Self.path("/vote", "Exact", to: "third")], age: 1)
    let rules = IngressRules([new, old])
    #expect(rules.routes.map(\.backend.service) == ["first", "third"])
    #expect(rules.notices.map(\.object.name) == ["new"])
    #expect(rules.notices.map(\.reason) == ["Rejected"])
    #expect(
      rules.notices.map(\.message) == [
        "host \"oggy.local\" and path \"/vote/\" is already defined in ingress oggy/old"
      ])
  }

  @Test("an Ingress of another class, or one that is being deleted, is left alone")
  func otherClass() {
    let other = Self.ingress(paths: [Self.path("/vote")], spec: ["ingressClassName": "traefik"])
    let old = Self.ingress(paths: [Self.path("/vote")], annotations: ["kubernetes.io/ingress.class": "haproxy"])
    var ending = Self.ingress(paths: [Self.path("/vote")])
    ending["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
    #expect(IngressRules([other, old, ending]) == IngressRules([]))
    #expect(lines(Self.ingress(paths: [Self.path("/")], spec: ["ingressClassName": "nginx"])).count == 1)
  }

  @Test(
    "plain HTTP is redirected where the host has TLS, unless an annotation says otherwise",
    arguments: [
      (["oggy.local"], [:], true), (["*.local"], [:], true), (["elsewhere"], [:], false), ([], [:], true),
      (["oggy.local"], ["ssl-redirect": "false"], false), (nil, [:], false),
      (nil, ["force-ssl-redirect": "true"], true),
    ] as [([String]?, [String: String], Bool)])
  func redirects(hosts: [String]?, annotations: [String: String], expected: Bool) {
    let entry: JSON = ["secretName": "oggy-tls", "hosts": .array((hosts ?? []).map { .string($0) })]
    let ingress = Self.ingress(
      paths: [Self.path("/vote")], spec: hosts == nil ? [:] : ["tls": [entry]],
      annotations: Dictionary(
        uniqueKeysWithValues: annotations.map { ("nginx.ingress.kubernetes.io/\($0.key)", $0.value) }))
    let rules = IngressRules([ingress])
    #expect(rules.routes.map(\.redirects) == [expected])
    #expect(rules.notices.isEmpty)
  }

  @Test("what has no effect here is said: annotations, backends that are no Services, paths that are none")
  func notices() {
    let resource: JSON = ["path": "/x", "pathType": "Prefix", "backend": ["resource": ["kind": "Bucket"]]]
    let ingress = Self.ingress(
      paths: [resource, Self.path("vote"), Self.path("/a\tb")],
      annotations: ["nginx.ingress.kubernetes.io/rewrite-target": "/", "unrelated": "x"])
    let rules = IngressRules([ingress])
    #expect(rules.routes.isEmpty)
    #expect(rules.notices.map(\.reason) == ["NotEnforced", "NotEnforced", "Rejected", "Rejected"])
    #expect(rules.notices.first?.message.contains("rewrite-target") == true)
    #expect(rules.notices.allSatisfy { $0.kind == .warning })
  }

  @Test(
    "a host that is no name is left out, and its Ingress is told so",
    arguments: ["a\tb", "a b", "a*", "x\ny", "\u{e4}"])
  func host(name: String) {
    let rules = IngressRules([
      Self.ingress(host: name, paths: [Self.path("/vote")]),
      Self.ingress("tls", paths: [Self.path("/")], spec: ["tls": [["hosts": [.string(name)], "secretName": "x"]]]),
    ])
    #expect(rules.routes.map(\.host) == ["oggy.local"])
    #expect(rules.notices.map(\.reason) == ["Rejected", "Rejected"])
  }

  @Test("two certificates for one host: the older Ingress's is shown, and the other one is told so")
  func claims() {
    func secured(_ name: String, _ secret: String, age: Int) -> JSON {
      Self.ingress(
        name, paths: [Self.path("/\(name)")], age: age,
        spec: ["tls": [["hosts": ["oggy.local"], "secretName": .string(secret)]]])
    }
    let rules = IngressRules([
      secured("a", "mine", age: 1), secured("b", "first", age: 0), secured("c", "first", age: 2),
    ])
    #expect(rules.claims.map(\.secret) == ["first"])
    #expect(rules.notices.map(\.object.name) == ["a"])
  }

  @Test(
    "a star stands for exactly one label",
    arguments: [
      ("*.oggy.local", "a.oggy.local", true), ("*.oggy.local", "oggy.local", false),
      ("*.oggy.local", "a.b.oggy.local", false), ("oggy.local", "oggy.local", true), ("", "oggy.local", false),
    ])
  func star(pattern: String, host: String, covers: Bool) {
    #expect(IngressRoute.covers(pattern, host) == covers)
  }
}

@Suite("The endpoints behind an Ingress")
struct IngressEndpointsTests {
  private func backend(_ port: JSON, service: String = "voting-service") throws -> IngressBackend {
    try #require(IngressBackend(["service": ["name": .string(service), "port": port]], namespace: "oggy"))
  }

  private func service(_ ports: [JSON]) -> JSON {
    ["metadata": ["name": "voting-service", "namespace": "oggy"], "spec": ["ports": .array(ports)]]
  }

  private func slice(ports: [JSON], _ endpoints: [(String, JSON)], namespace: String = "oggy") -> JSON {
    [
      "metadata": [
        "namespace": .string(namespace), "labels": ["kubernetes.io/service-name": "voting-service"],
      ],
      "addressType": "IPv4", "ports": .array(ports),
      "endpoints": .array(
        endpoints.map { ["addresses": [.string($0.0)], "conditions": $0.1] }),
    ]
  }

  @Test("by the Service's port, named or numbered, and only ready ones of its own namespace")
  func endpoints() throws {
    let service = service([["name": "http", "port": 80], ["name": "admin", "port": 81]])
    let ports: [JSON] = [["name": "http", "port": 8080], ["name": "admin", "port": 9090]]
    let slices = [
      slice(ports: ports, [("127.70.1.10", ["ready": true]), ("127.70.1.11", ["ready": false]), ("127.70.1.12", [:])]),
      slice(ports: ports, [("127.70.1.10", ["ready": true]), ("127.70.1.13", ["ready": true])]),
      slice(ports: ports, [("127.70.1.14", ["ready": true])], namespace: "other"),
    ]
    let (number, name) = (try backend(["number": 80]), try backend(["name": "admin"]))
    let (absent, nowhere) = (try backend(["number": 82]), try backend(["number": 80], service: "nowhere"))
    let lists = IngressEndpoints.lists(of: [number, name, absent, nowhere], services: [service], slices: slices)
    #expect(lists[number] == ["127.70.1.10:8080", "127.70.1.12:8080", "127.70.1.13:8080"])
    #expect(lists[name] == ["127.70.1.10:9090", "127.70.1.12:9090", "127.70.1.13:9090"])
    #expect(lists[absent] == [])
    #expect(lists[nowhere] == [])
  }

  @Test("a Service's only port needs no name")
  func unnamed() throws {
    let backend = try backend(["number": 80])
    let lists = IngressEndpoints.lists(
      of: [backend], services: [service([["port": 80]])],
      slices: [slice(ports: [["name": "", "port": 8080]], [("127.70.1.10", ["ready": true])])])
    #expect(lists == [backend: ["127.70.1.10:8080"]])
  }
}
