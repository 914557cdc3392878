import Testing

@testable import Sandbox

@Suite("Addresses of Services")
struct NetworkAddressTests {
  private let store: ObjectStore

  init() {
    store = ObjectStore(seed: 1)
    store.setServiceAddresses(
      ServiceAddresses(["127.70.1.190", "127.70.1.191", "127.70.1.192"], reserved: ["127.70.1.1"]))
  }

  @discardableResult
  private func create(_ name: String, _ spec: JSON = [:]) throws -> JSON {
    var service: JSON = ["metadata": ["name": .string(name), "namespace": "oggy"], "spec": spec]
    service["spec"].merge(["ports": [["port": 80]]])
    Defaults.fill(&service, .services)
    return try store.create(service, .services)["spec"]
  }

  @Test("a Service gets an address when it is created and keeps it")
  func keeps() throws {
    let spec = try create("a")
    #expect(spec["clusterIP"] == "127.70.1.190")
    #expect(spec["clusterIPs"] == ["127.70.1.190"])
    #expect(spec["ipFamilies"] == ["IPv4"])
    #expect(spec["internalTrafficPolicy"] == "Cluster")
    let changed = try store.update(.services, namespace: "oggy", name: "a") { service in
      service["spec", "clusterIP"] = .null
      service["spec", "clusterIPs"] = .null
      service["spec", "selector", "app"] = "b"
    }
    #expect(changed["spec", "clusterIP"] == "127.70.1.190")
    #expect(changed["spec", "clusterIPs"] == ["127.70.1.190"])
  }

  @Test("an address rests before it is given again")
  func rests() throws {
    try create("a")
    store.remove(.services, namespace: "oggy", name: "a")
    #expect(try create("b")["clusterIP"] == "127.70.1.191")
    #expect(try create("c")["clusterIP"] == "127.70.1.192")
    #expect(try create("d")["clusterIP"] == "127.70.1.190")
  }

  @Test("when all are taken there is an error, and the Service is not there")
  func exhausted() throws {
    for name in ["a", "b", "c"] { try create(name) }
    let failure = #expect(throws: APIStatus.self) { try create("d") }
    #expect(failure?.httpStatus == 500)
    #expect(failure?.message == "Internal error occurred: failed to allocate a serviceIP: range is full")
    #expect(store.get(.services, namespace: "oggy", name: "d") == nil)
  }

  @Test(
    "one may be asked for by name",
    arguments: ["127.70.1.192", "127.70.1.1"])
  func named(address: String) throws {
    #expect(try create("a", ["clusterIP": .string(address)])["clusterIPs"] == [.string(address)])
  }

  @Test(
    "what cannot be had is refused in the real server's words",
    arguments: [
      (
        "127.70.1.190",
        #"spec.clusterIPs: Invalid value: ["127.70.1.190"]: failed to allocate IP 127.70.1.190: "#
          + "provided IP is already allocated"
      ),
      (
        "10.0.0.1",
        #"spec.clusterIPs: Invalid value: ["10.0.0.1"]: failed to allocate IP 10.0.0.1: "#
          + "the provided network does not match the current range"
      ),
      (
        "abc",
        #"spec.clusterIPs[0]: Invalid value: "abc": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"#
      ),
    ])
  func refused(address: String, words: String) throws {
    try create("a")
    let failure = #expect(throws: APIStatus.self) { try create("b", ["clusterIP": .string(address)]) }
    #expect(failure?.httpStatus == 422)
    #expect(failure?.message == "Service \"b\" is invalid: \(words)")
  }

  @Test(
    "an address may not change once set",
    arguments: [
      ("127.70.1.190", "127.70.1.191"), ("127.70.1.190", "None"), ("None", "127.70.1.191"),
    ])
  func immutable(before: String, after: String) throws {
    try create("a", ["clusterIP": .string(before)])
    let failure = #expect(throws: APIStatus.self) {
      try store.update(.services, namespace: "oggy", name: "a") { $0["spec", "clusterIP"] = .string(after) }
    }
    #expect(
      failure?.message
        == "Service \"a\" is invalid: spec.clusterIPs[0]: Invalid value: [\"\(after)\"]: may not change once set")
    #expect(store.get(.services, namespace: "oggy", name: "a")?["spec", "clusterIP"].string == before)
  }

  @Test("a headless Service has none, and takes none")
  func headless() throws {
    for name in ["a", "b", "c", "d"] {
      let spec = try create(name, ["clusterIP": "None"])
      #expect(spec["clusterIP"] == "None")
      #expect(spec["clusterIPs"] == ["None"])
    }
    #expect(try create("e")["clusterIP"] == "127.70.1.190")
  }

  @Test("a Service that becomes a name for another gives its address back, and gets one when it is none any more")
  func external() throws {
    try create("a")
    let alias = try store.update(.services, namespace: "oggy", name: "a") { service in
      service["spec", "type"] = "ExternalName"
      service["spec", "externalName"] = "b.oggy.svc.cluster.local"
    }
    #expect(alias["spec", "clusterIP"].isNull && alias["spec", "clusterIPs"].isNull)
    let own = try store.update(.services, namespace: "oggy", name: "a") { service in
      service["spec", "type"] = "ClusterIP"
      service["spec", "externalName"] = .null
    }
    #expect(own["spec", "clusterIP"] == "127.70.1.191")
  }

  @Test(
    "the defaults are those of the Service's type",
    arguments: [
      ("ClusterIP", "Cluster", nil, nil), ("NodePort", "Cluster", "Cluster", nil),
      ("LoadBalancer", "Cluster", "Cluster", true), ("ExternalName", nil, nil, nil),
    ] as [(String, String?, String?, Bool?)])
  func defaults(type: String, inside: String?, outside: String?, nodePorts: Bool?) throws {
    let spec = try create("a", ["type": .string(type), "sessionAffinity": "ClientIP"])
    #expect(spec["internalTrafficPolicy"].string == inside)
    #expect(spec["externalTrafficPolicy"].string == outside)
    #expect(spec["allocateLoadBalancerNodePorts"].bool == nodePorts)
    #expect(spec["sessionAffinityConfig", "clientIP", "timeoutSeconds"] == 10_800)
  }

  @Test("a store without addresses leaves Services as they come")
  func none() throws {
    let plain = ObjectStore(seed: 1)
    let service = try plain.create(["metadata": ["name": "a"], "spec": ["clusterIP": "10.0.0.1"]], .services)
    #expect(service["spec"] == ["clusterIP": "10.0.0.1"])
  }
}
