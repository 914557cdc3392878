import Testing

@testable import Sandbox

@Suite("Where connections to Services go")
struct NetworkForwardingTests {
  private typealias Make = NetworkFixtures

  private func table(_ services: [JSON], _ slices: [JSON]) -> [String: [String]] {
    let table = ForwardingTable(services: services, slices: slices)
    return [String: [String]](
      table.endpoints.map { ("\($0.key.address):\($0.key.port)", $0.value.map { "\($0.address):\($0.port)" }) },
      uniquingKeysWith: { $1 })
  }

  private static let choices: [([JSON], [String]?)] = [
    ([Make.endpoint("127.70.1.10"), Make.endpoint("127.70.1.11")], ["127.70.1.10:7000", "127.70.1.11:7000"]),
    ([Make.endpoint("127.70.1.10"), Make.endpoint("127.70.1.11", "unready")], ["127.70.1.10:7000"]),
    ([Make.endpoint("127.70.1.10"), Make.endpoint("127.70.1.11", "ending")], ["127.70.1.10:7000"]),
    ([Make.endpoint("127.70.1.10", "unready"), Make.endpoint("127.70.1.11", "ending")], ["127.70.1.11:7000"]),
    ([Make.endpoint("127.70.1.10", "ended"), Make.endpoint("127.70.1.11", "unready")], nil),
    ([], nil),
  ]

  @Test("to ready endpoints; without one to those that serve to their end; else nowhere", arguments: choices)
  func choice(endpoints: [JSON], expected: [String]?) {
    var slice = Make.slice(of: "redis", ports: [("", 7_000)])
    slice["endpoints"] = .array(endpoints)
    #expect(table([Make.service("redis", at: "127.70.1.190")], [slice])["127.70.1.190:6379"] == expected)
  }

  @Test("ports go by their names, and slices by their Service and namespace")
  func ports() {
    let service = Make.service("app", at: "127.70.1.190", ports: [("http", 80), ("admin", 81)])
    let slices = [
      Make.slice(of: "app", ports: [("admin", 9_001), ("http", 8_080)], Make.endpoint("127.70.1.10")),
      Make.slice(of: "app", in: "other", ports: [("http", 8_080)], Make.endpoint("127.70.1.66")),
      Make.slice(of: "app", ports: [("http", 8_081)], Make.endpoint("127.70.1.11")),
    ]
    #expect(
      table([service], slices) == [
        "127.70.1.190:80": ["127.70.1.10:8080", "127.70.1.11:8081"], "127.70.1.190:81": ["127.70.1.10:9001"],
      ])
  }

  @Test("a headless Service has no place of its own")
  func headless() {
    let slice = Make.slice(of: "db", Make.endpoint("127.70.1.10"))
    #expect(table([Make.service("db", at: "None")], [slice]).isEmpty)
  }

  @Test(
    "what is not offered is said",
    arguments: [
      (["type": "NodePort"], "the sandbox has no NodePort Services: this one is reached at its cluster IP only"),
      (
        ["type": "LoadBalancer"],
        "the sandbox has no LoadBalancer Services: this one is reached at its cluster IP only"
      ),
      (
        ["ports": [["port": 53, "protocol": "UDP"]]],
        "the sandbox forwards TCP only: UDP ports of this Service are not reached"
      ),
      (
        ["sessionAffinity": "ClientIP"],
        "the sandbox ignores sessionAffinity: every client has the same address on one machine"
      ),
    ] as [(JSON, String)])
  func notOffered(spec: JSON, message: String) {
    let table = ForwardingTable(services: [Make.service("s", at: "127.70.1.190", and: spec)], slices: [])
    #expect(table.notices.map(\.message) == [message])
    #expect(table.notices.map(\.reason) == ["NotOffered"])
  }

  @Test("a port that cannot be bound is said with its cause")
  func notBound() throws {
    let table = ForwardingTable(services: [Make.service("s", at: "127.70.1.190", ports: [("http", 80)])], slices: [])
    let port = ForwardingTable.ServicePort(address: "127.70.1.190", port: 80)
    let notice = try #require(table.notice(port, cause: "permission denied", needsRoot: true))
    #expect(notice.reason == "PortNotBound")
    #expect(
      notice.message == "cannot listen on 127.70.1.190:80: permission denied: ports below 1024 need root; "
        + "the ingress goes by the endpoints and is not concerned")
  }
}
