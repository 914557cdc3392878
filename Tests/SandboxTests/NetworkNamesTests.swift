import Testing

@testable import Sandbox

@Suite("What the names of Services mean")
struct NetworkNamesTests {
  private typealias Make = NetworkFixtures

  private static let services: [JSON] = [
    Make.service("redis", at: "127.70.1.190"),
    Make.service("db", at: "None", ports: [("postgres", 5_432)]),
    Make.service("early", at: "None", and: ["publishNotReadyAddresses": true]),
    Make.service("cache", in: "other", at: "127.70.1.191"),
    Make.service("alias", at: "", and: ["type": "ExternalName", "externalName": "cache.other.svc.cluster.local."]),
    Make.service("far", at: "", and: ["type": "ExternalName", "externalName": "example.com"]),
  ]
  private static let slices: [JSON] = [
    Make.slice(
      of: "db", Make.endpoint("127.70.1.10", pod: "db-0"), Make.endpoint("127.70.1.11", pod: "db-1"),
      Make.endpoint("127.70.1.12", "unready", pod: "db-2")),
    Make.slice(of: "early", Make.endpoint("127.70.1.12", "unready", pod: "db-2")),
    Make.slice(of: "redis", Make.endpoint("127.70.1.13")),
  ]
  private static let pods = (0...2).map {
    Make.pod("db-\($0)", and: ["hostname": .string("db-\($0)"), "subdomain": "db"])
  }

  private let names = ServiceNames(
    services: services, slices: slices, pods: pods, api: "127.70.1.1")

  // What a hosts file says for a name: as the C library reads it, every line that has it.
  private func addresses(of name: String, in pod: JSON, at address: String = "127.70.1.20") -> [String] {
    names.hosts(for: pod, at: address).split(separator: "\n").compactMap { line in
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      return words.dropFirst().contains(name) ? words.first : nil
    }
  }

  @Test(
    "a name means the Service's address, in every form, and the short one in its own namespace only",
    arguments: [
      ("redis", ["127.70.1.190"], []), ("redis.oggy", ["127.70.1.190"], ["127.70.1.190"]),
      ("redis.oggy.svc", ["127.70.1.190"], ["127.70.1.190"]),
      ("redis.oggy.svc.cluster.local", ["127.70.1.190"], ["127.70.1.190"]),
      ("redis.oggy.svc.cluster.local.", ["127.70.1.190"], ["127.70.1.190"]),
      ("redis.other", [], []), ("cache", [], ["127.70.1.191"]), ("cache.other", ["127.70.1.191"], ["127.70.1.191"]),
      ("db", ["127.70.1.10", "127.70.1.11"], []), ("db-0.db", ["127.70.1.10"], []),
      ("db-1.db.oggy.svc.cluster.local", ["127.70.1.11"], ["127.70.1.11"]), ("db-2.db", [], []),
      ("early", ["127.70.1.12"], []), ("alias", ["127.70.1.191"], []), ("far", [], []),
      ("kubernetes.default.svc", ["127.70.1.1"], ["127.70.1.1"]), ("kubernetes", [], []),
      ("localhost", ["127.0.0.1"], ["127.0.0.1"]),
    ])
  func meanings(name: String, inOwn: [String], inOther: [String]) {
    #expect(addresses(of: name, in: Make.pod("p")) == inOwn)
    #expect(addresses(of: name, in: Make.pod("p", in: "other")) == inOther)
  }

  @Test("a pod knows itself by its name, or by the name that it was given")
  func own() {
    #expect(addresses(of: "p", in: Make.pod("p")) == ["127.70.1.20"])
    let named = Self.pods[0]
    #expect(addresses(of: "db-0", in: named, at: "127.70.1.10") == ["127.70.1.10"])
    #expect(
      addresses(of: "db-0.db.oggy.svc.cluster.local", in: named, at: "127.70.1.10").allSatisfy { $0 == "127.70.1.10" })
    #expect(ServiceNames.hostname(of: Make.pod(String(repeating: "a", count: 80))).count == 63)
  }

  @Test("a pod's own aliases are in its file")
  func aliases() {
    let pod = Make.pod("p", and: ["hostAliases": [["ip": "127.70.9.9", "hostnames": ["one", "two"]]]])
    #expect(addresses(of: "two", in: pod) == ["127.70.9.9"])
  }

  @Test("a Service of the API server's name decides what that name means")
  func api() {
    let own = ServiceNames(
      services: [Make.service("kubernetes", in: "default", at: "127.70.1.199")], slices: [], pods: [],
      api: "127.70.1.1")
    #expect(own.hosts(for: Make.pod("p", in: "default"), at: "x").contains("127.70.1.199\tkubernetes.default.svc"))
    #expect(!own.hosts(for: Make.pod("p"), at: "x").contains("127.70.1.1\t"))
  }

  @Test("a name from outside of the cluster is said not to resolve")
  func outside() {
    #expect(names.notices.map(\.reason) == ["ExternalNameNotResolved"])
    #expect(names.notices.first?.object["metadata", "name"] == "far")
  }

  @Test("the variables of Services are those that a kubelet gives")
  func variables() {
    let services: [JSON] = [
      Make.service("my-redis", at: "127.70.1.190", ports: [("redis", 6_379), ("web-ui", 8_001)]),
      Make.service("db", at: "None"), Make.service("cache", in: "other", at: "127.70.1.191"),
      Make.service("kubernetes", in: "default", at: "127.70.1.1", ports: [("https", 443)]),
    ]
    let linked = ServiceEnvironment.variables(for: Make.pod("p"), services: services)
    let bare = ServiceEnvironment.variables(for: Make.pod("p", and: ["enableServiceLinks": false]), services: services)
    #expect(
      linked.filter { !$0.key.hasPrefix("KUBERNETES") } == [
        "MY_REDIS_SERVICE_HOST": "127.70.1.190", "MY_REDIS_SERVICE_PORT": "6379",
        "MY_REDIS_SERVICE_PORT_REDIS": "6379", "MY_REDIS_SERVICE_PORT_WEB_UI": "8001",
        "MY_REDIS_PORT": "tcp://127.70.1.190:6379", "MY_REDIS_PORT_6379_TCP": "tcp://127.70.1.190:6379",
        "MY_REDIS_PORT_6379_TCP_PROTO": "tcp", "MY_REDIS_PORT_6379_TCP_PORT": "6379",
        "MY_REDIS_PORT_6379_TCP_ADDR": "127.70.1.190", "MY_REDIS_PORT_8001_TCP": "tcp://127.70.1.190:8001",
        "MY_REDIS_PORT_8001_TCP_PROTO": "tcp", "MY_REDIS_PORT_8001_TCP_PORT": "8001",
        "MY_REDIS_PORT_8001_TCP_ADDR": "127.70.1.190",
      ])
    #expect(bare.keys.allSatisfy { $0.hasPrefix("KUBERNETES_") })
    #expect(bare["KUBERNETES_SERVICE_HOST"] == "127.70.1.1" && bare["KUBERNETES_SERVICE_PORT_HTTPS"] == "443")
  }

  @Test(
    "a container can be told fields of its pod and its own amounts",
    arguments: [
      ("metadata.labels['app']", "vote"), ("metadata.labels['none']", ""), ("metadata.annotations['a.b/c']", "x y"),
      ("status.podIP", "127.70.1.20"), ("status.podIPs", "127.70.1.20"), ("status.hostIP", "127.70.1.1"),
      ("spec.serviceAccountName", "robot"), ("spec.nodeName", "sandbox"), ("spec.hostNetwork", nil),
    ] as [(String, String?)])
  func fields(path: String, value: String?) {
    var pod = Make.pod("p", and: ["serviceAccountName": "robot"])
    pod["metadata", "labels"] = ["app": "vote"]
    pod["metadata", "annotations"] = ["a.b/c": "x y"]
    pod["status", "hostIP"] = "127.70.1.1"
    #expect(PodFields.value(at: path, of: pod, address: "127.70.1.20") == value)
  }

  @Test(
    "amounts are in units of the divisor, rounded up",
    arguments: [
      ("limits.memory", "1", "268435456"), ("limits.memory", "1Mi", "256"), ("requests.cpu", "1", "1"),
      ("requests.cpu", "1m", "250"), ("limits.cpu", "1", "4"), ("requests.memory", "1", "0"), ("limits", "1", nil),
    ] as [(String, JSON, String?)])
  func amounts(resource: String, divisor: JSON, value: String?) {
    let container: JSON = ["resources": ["limits": ["memory": "256Mi"], "requests": ["cpu": "250m"]]]
    let node = SandboxNode(cpu: 4_000, memory: 1_000)
    #expect(PodFields.amount(of: resource, in: container, divisor, node: node) == value)
  }
}
