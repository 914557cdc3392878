import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// The ingress as clients see it: a real nginx, which is never reloaded.
@Suite("The ingress, live")
struct IngressLiveTests {
  private typealias Rules = IngressRulesTests

  @Test("requests go by host and path, the longest first; 404 without a route, 503 without a ready pod")
  func routes() async throws {
    try await IngressStage.run { ingress in
      for (pod, service) in ["vote", "deep", "exact", "chars", "wild", "any", "rest"].enumerated() where pod < 6 {
        try ingress.makeService(service, pods: [pod])
      }
      try ingress.makeService("empty", pods: [])
      try ingress.apply(
        Rules.ingress(
          paths: [
            Rules.path("/vote", to: "vote"), Rules.path("/vote/deep/", to: "deep"),
            Rules.path("/vote", "Exact", to: "exact"), Rules.path("/ch", "ImplementationSpecific", to: "chars"),
            Rules.path("/empty", to: "empty"), Rules.path("/gone", to: "nowhere"),
          ]))
      try ingress.apply(Rules.ingress("wild", host: "*.oggy.local", paths: [Rules.path("/", to: "wild")]))
      try ingress.apply(Rules.ingress("any", host: nil, paths: [Rules.path("/any", to: "any")]))
      try await waitUntil("the routes are there") { try await ingress.get("/vote").status == 200 }
      let expected: [(path: String, host: String, answer: String)] = [
        ("/vote", "oggy.local", "pod-2"), ("/vote/", "oggy.local", "pod-0"), ("/vote/x", "oggy.local", "pod-0"),
        ("/vote?a=/votes", "oggy.local", "pod-2"), ("/votes", "oggy.local", "404"), ("/", "oggy.local", "404"),
        ("/vote/deep", "oggy.local", "pod-1"), ("/vote/deep/er", "oggy.local", "pod-1"),
        ("/vote/deeper", "oggy.local", "pod-0"), ("/%76ote/deep", "OGGY.local", "pod-1"),
        ("/chars", "oggy.local", "pod-3"), ("/empty", "oggy.local", "503"), ("/gone", "oggy.local", "503"),
        ("/x", "a.oggy.local", "pod-4"), ("/x", "a.b.oggy.local", "404"), ("/any/x", "elsewhere", "pod-5"),
        ("/any/x", "oggy.local", "404"),
      ]
      for (path, host, answer) in expected {
        let (status, body) = try await ingress.get(path, host: host)
        let got = status == 200 ? String(body.prefix { $0 != " " }) : "\(status)"
        #expect(got == answer, "\(host)\(path)")
      }
    }
  }

  @Test("an Ingress that is patched or deleted is followed, and says where it is reached")
  func changes() async throws {
    try await IngressStage.run { ingress in
      try ingress.makeService("first", pods: [0])
      try ingress.makeService("second", pods: [1])
      try ingress.apply(Rules.ingress(paths: [Rules.path("/vote", to: "first")]))
      try await waitUntil("the first answers") { try await ingress.get("/vote").body.hasPrefix("pod-0 https oggy") }
      try ingress.apply(Rules.ingress(paths: [Rules.path("/vote", to: "second")]))
      try await waitUntil("the second answers") { try await ingress.get("/vote").body.hasPrefix("pod-1") }
      let stored = try #require(ingress.store.get(.ingresses, namespace: "oggy", name: "app"))
      #expect(stored["status", "loadBalancer", "ingress"] == [["ip": "127.0.0.1"]])
      #expect(ingress.events(of: "app").filter { $0.hasPrefix("Sync ") } == ["Sync Scheduled for sync"])
      ingress.store.remove(.ingresses, namespace: "oggy", name: "app")
      try await waitUntil("the route is gone") { try await ingress.get("/vote").status == 404 }
    }
  }

  @Test("plain HTTP is served, and where there is TLS it is redirected to the port that HTTPS has")
  func plainHTTP() async throws {
    try await IngressStage.run { ingress in
      try ingress.makeService("vote", pods: [0])
      try ingress.apply(Rules.ingress("plain", host: "plain.local", paths: [Rules.path("/vote", to: "vote")]))
      try ingress.apply(
        Rules.ingress(paths: [Rules.path("/vote", to: "vote")], spec: ["tls": [["secretName": "oggy-tls"]]]))
      try await waitUntil("the routes are there") { try await ingress.get("/vote").status == 200 }
      let direct = try await ingress.get("/vote", host: "plain.local", plain: true)
      #expect(direct.status == 200)
      #expect(direct.body == "pod-0 http plain.local:\(ingress.httpPort)")
      let redirect = try await ingress.get("/vote?x=1", plain: true)
      #expect(redirect.status == 308)
      #expect(redirect.body == "https://oggy.local:\(ingress.httpsPort)/vote?x=1")
      #expect(try await ingress.get("/elsewhere", plain: true).status == 404)
    }
  }

  @Test(
    "the certificate is the Secret's, also after a change; without a good one it is the default, and an Event says so")
  func certificates() async throws {
    try await IngressStage.run { ingress in
      let standard = "Kubernetes Ingress Controller Fake Certificate"
      try ingress.apply(
        Rules.ingress(
          paths: [Rules.path("/vote")], spec: ["tls": [["hosts": ["oggy.local", "*.star"], "secretName": "tls"]]]))
      try await waitUntil("the missing Secret is an Event") {
        ingress.events(of: "app").contains { $0.hasPrefix("MissingSecret") && $0.contains("oggy/tls was not found") }
      }
      #expect(try await ingress.commonName() == standard)
      for name in ["one", "two"] {
        try await ingress.setSecret("tls", commonName: name)
        let begun = ContinuousClock.now
        try await waitUntil("\(name) is shown") { try await ingress.commonName() == name }
        #expect(ContinuousClock.now - begun < .seconds(5))
        #expect(try await ingress.commonName(for: "a.star") == name)
        #expect(try await ingress.commonName(for: "elsewhere") == standard)
      }
      let good = try #require(ingress.store.get(.secrets, namespace: "oggy", name: "tls"))
      try await ingress.setSecret("other", commonName: "other")
      let other = try #require(ingress.store.get(.secrets, namespace: "oggy", name: "other"))
      func text(_ secret: JSON, _ part: String) -> String {
        String(decoding: Base64.bytes(secret["data", part].string ?? "") ?? [], as: UTF8.self)
      }
      try ingress.setSecret("tls", certificate: text(good, "tls.crt"), key: text(other, "tls.key"))
      try await waitUntil("another's key is refused") { try await ingress.commonName() == standard }
      #expect(ingress.events(of: "app").contains { $0.hasPrefix("InvalidSecret") })
      try ingress.setSecret("tls", certificate: text(other, "tls.crt"), key: text(other, "tls.key"))
      try await waitUntil("a good pair is taken again") { try await ingress.commonName() == "other" }
      try ingress.setSecret("tls", certificate: "no certificate", key: "no key")
      try await waitUntil("what is no certificate is refused") { try await ingress.commonName() == standard }
    }
  }

  @Test("endpoints lag behind, but a backend that is new has its endpoints at once")
  func lag() async throws {
    try await IngressStage.run(lag: 4) { ingress in
      try ingress.makeService("first", pods: [0])
      try ingress.makeService("second", pods: [1])
      try ingress.apply(Rules.ingress(paths: [Rules.path("/vote", to: "first")]))
      try await waitUntil("the first answers") { try await ingress.get("/vote").status == 200 }
      let begun = ContinuousClock.now
      try ingress.setPods([3], of: "first")
      try ingress.apply(
        Rules.ingress(paths: [Rules.path("/vote", to: "first"), Rules.path("/new", to: "second")]))
      try await waitUntil("the new route is there") { try await ingress.get("/new").status != 404 }
      #expect(try await ingress.get("/new").body.hasPrefix("pod-1"))
      try await waitUntil("the change is seen") { try await ingress.get("/vote").body.hasPrefix("pod-3") }
      #expect(ContinuousClock.now - begun >= .seconds(4 * LaggingEndpoints.losses[0]))
    }
  }

  @Test("a pod that is gone answers 502 while its address refuses, then not at all, until it is withdrawn")
  func gone() async throws {
    try await IngressStage.run { ingress in
      let nobody = IngressStage.podCount
      try ingress.makeService("vote", pods: [0, nobody])
      try ingress.apply(Rules.ingress(paths: [Rules.path("/vote", to: "vote")]))
      try await waitUntil("the route is there") { try await ingress.get("/vote").status != 404 }
      // Every other request is for the pod that is gone: no second one is tried.
      func statuses() async throws -> Set<Int> {
        Set([try await ingress.get("/vote", limit: 1).status, try await ingress.get("/vote", limit: 1).status])
      }
      #expect(try await statuses() == [200, 502])
      let tombstone = try #require(Tombstone(address: ingress.address(nobody), port: 8_080))
      #expect(try await statuses() == [200, 0])
      try ingress.setPods([0], of: "vote")
      try await waitUntil("it is withdrawn") { await ingress.controller.isCurrent }
      #expect(try await statuses() == [200])
      withExtendedLifetime(tombstone) {}
    }
  }

  @Test("an nginx that is killed comes back with routes and certificates")
  func killed() async throws {
    try await IngressStage.run { ingress in
      try ingress.makeService("vote", pods: [0])
      try await ingress.setSecret("tls", commonName: "mine")
      try ingress.apply(
        Rules.ingress(paths: [Rules.path("/vote", to: "vote")], spec: ["tls": [["secretName": "tls"]]]))
      try await waitUntil("the certificate is shown") { try await ingress.commonName() == "mine" }
      try ingress.killNginx()
      try await waitUntil("it is shown again") { try await ingress.commonName() == "mine" }
      #expect(try await ingress.get("/vote").status == 200)
    }
  }

  @Test("fifty changes of routes, endpoints and certificates cut no connection and fail no request")
  func nothingIsCut() async throws {
    try await IngressStage.run { ingress in
      try ingress.makeService("first", pods: [0, 1])
      try ingress.makeService("second", pods: [2, 3])
      try await ingress.setSecret("tls", commonName: "start")
      let vote = Rules.path("/vote", to: "first")
      let tls: JSON = ["tls": [["secretName": "tls"]]]
      try ingress.apply(Rules.ingress(paths: [vote], spec: tls))
      try await waitUntil("the first answers") { try await ingress.get("/vote").status == 200 }
      let clients = try ["--http1.1", "--http2"].flatMap { version in
        try (0..<2).map { try ingress.startClient("client\(version)-\($0)", version) }
      }
      for change in 0..<48 {
        switch change % 4 {
        case 0: try ingress.setPods([[0, 1], [4, 5], [1, 4, 0]][change / 4 % 3], of: "first")
        case 1: try ingress.setPods([[2], [3, 2]][change / 4 % 2], of: "second")
        case 2:
          let other = Rules.path("/extra-\(change)", to: "second")
          let main = Rules.path("/vote", to: change % 8 == 2 ? "second" : "first")
          try ingress.apply(Rules.ingress(paths: [other, main], spec: tls))
        default: try await ingress.setSecret("tls", commonName: "cut-\(change)")
        }
        // Each change is met by requests of every client.
        try await waitUntil("nginx has the change") { await ingress.controller.isCurrent }
        let before = clients.map { ingress.answers(of: $0).count }
        try await waitUntil("the clients have gone on") {
          zip(clients, before).allSatisfy { ingress.answers(of: $0).count > $1 + 1 }
        }
      }
      try await waitUntil("the last certificate is shown") { try await ingress.commonName() == "cut-47" }
      var pods: Set<String> = []
      for client in clients {
        let answers = try await ingress.end(client)
        #expect(answers.count > 90)
        #expect(answers.allSatisfy { $0.status == 200 })
        #expect(answers.map(\.connects).reduce(0, +) == 1, "one connection for all")
        pods.formUnion(answers.map(\.pod))
      }
      #expect(pods.count == 6, "\(pods)")
    }
  }
}

extension IngressStage {
  /// What a client saw: the status, the pod, and how many connections it had to make for it.
  struct Answer {
    var status: Int
    var pod: String
    var connects: Int
  }

  /// A client that sends one request after the other on one connection until it is ended.
  struct Client {
    var name: String
    var process: ServerProcess
  }

  fileprivate func startClient(_ name: String, _ version: String) throws -> Client {
    let process = try stage.start(
      try Executables.system("curl"),
      [
        "-sk", version, "--rate", "300/s", "--resolve", "oggy.local:\(httpsPort):127.0.0.1", "-o", "/dev/null",
        "-w", "%{stderr}%header{x-pod} %{http_code} %{num_connects}\\n",
        "https://oggy.local:\(httpsPort)/vote?[1-1000000]",
      ], name: name)
    return Client(name: name, process: process)
  }

  fileprivate func end(_ client: Client) async throws -> [Answer] {
    client.process.signal(SIGTERM)
    _ = try await client.process.wait()
    return answers(of: client)
  }

  fileprivate func answers(of client: Client) -> [Answer] {
    stage.log(of: client.name).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      guard words.count == 3, let status = Int(words[1]), let connects = Int(words[2]) else { return nil }
      return Answer(status: status, pod: String(words[0]), connects: connects)
    }
  }
}
