import Glibc
import Logging
import TestSupport
import Testing

@testable import Sandbox

@Suite("Services and their names in pods")
struct NetworkLiveTests {
  // A kubelet with the controllers and the network of one sandbox.
  private func withNetwork(
    preloading: Bool = false, _ body: (KubeletStage) async throws -> Void
  ) async throws {
    try await KubeletStage.run(preloading: preloading) { stage in
      stage.store.setServiceAddresses(ServiceAddresses(stage.range.services, reserved: [stage.range.api]))
      let network = ServiceNetwork(
        store: stage.store, hosts: await stage.kubelet.runner.names,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let controllers = ControllerLoop(store: stage.store)
      let loops = [Task { await network.run() }, Task { await controllers.run() }]
      func end() async {
        for loop in loops { loop.cancel() }
        for loop in loops { await loop.value }
        await network.stop()
      }
      do {
        try await body(stage)
      } catch {
        await end()
        throw error
      }
      await end()
    }
  }

  private func createService(
    _ name: String, _ stage: KubeletStage, in namespace: String = "default", headless: Bool = false,
    port: Int = 6_379, and more: JSON = [:]
  ) throws {
    var service: JSON = [
      "metadata": ["name": .string(name), "namespace": .string(namespace)],
      "spec": [
        "selector": ["app": .string(name)],
        "ports": [["name": "main", "port": .int(port), "targetPort": 6_379]],
      ],
    ]
    if headless { service["spec", "clusterIP"] = "None" }
    service["spec"].merge(more)
    Defaults.fill(&service, .services)
    try stage.store.create(service, .services)
  }

  private func createRedis(_ name: String, _ stage: KubeletStage, and more: JSON = [:]) throws {
    try stage.createPod(
      name,
      [
        "image": "redis:7", "ports": [["containerPort": 6_379]],
        "readinessProbe": ["tcpSocket": ["port": 6_379], "periodSeconds": 1],
      ], and: more)
    let app = String(name.prefix { $0 != "-" })
    try stage.store.update(.pods, namespace: "default", name: name) { $0["metadata", "labels", "app"] = .string(app) }
  }

  private func createClient(_ stage: KubeletStage, in namespace: String = "default") async throws {
    var pod: JSON = [
      "metadata": ["name": "client", "namespace": .string(namespace)],
      "spec": ["containers": [["name": "main", "image": "redis:7", "command": ["sleep", "600"]]]],
    ]
    Defaults.fill(&pod, .pods)
    try stage.store.create(pod, .pods)
    try await waitUntil("it runs") {
      stage.store.get(.pods, namespace: namespace, name: "client")?["status", "phase"] == "Running"
    }
  }

  private func run(
    _ script: String, _ stage: KubeletStage, in namespace: String = "default"
  ) async throws -> String {
    let uid = stage.store.get(.pods, namespace: namespace, name: "client")?.uid ?? ""
    guard let target = await stage.kubelet.runningContainer(ofPod: uid) else { throw StageError("no client") }
    let outcome = await stage.kubelet.runner.execute(["sh", "-c", script], in: target, within: .seconds(10))
    guard case .ended(_, let output) = outcome else { throw StageError("\(outcome)") }
    return output
  }

  private func addresses(
    of name: String, _ stage: KubeletStage, in namespace: String = "default"
  ) async throws -> [String] {
    let found = try await run("getent ahostsv4 \(name) | grep STREAM | cut -d' ' -f1", stage, in: namespace)
    return found.split(separator: "\n").map(String.init).sorted()
  }

  @Test("Redis is reached by the name of its Service, from both namespaces", arguments: [false, true])
  func byName(preloading: Bool) async throws {
    try await withNetwork(preloading: preloading) { stage in
      try createService("redis", stage)
      try createRedis("redis-0", stage)
      try await createClient(stage)
      try await createClient(stage, in: "other")
      try await waitUntil("Redis answers by its name") {
        try await run("redis-cli -h redis ping", stage) == "PONG"
      }
      let service = stage.store.get(.services, namespace: "default", name: "redis") ?? .null
      let own = try #require(service["spec", "clusterIP"].string)
      for name in ["redis", "redis.default", "redis.default.svc", "redis.default.svc.cluster.local"] {
        #expect(try await addresses(of: name, stage) == [own], "\(name)")
        #expect(try await addresses(of: name, stage, in: "other") == (name == "redis" ? [] : [own]), "\(name)")
      }
      #expect(try await addresses(of: "kubernetes.default.svc", stage) == [stage.range.api])
      #expect(try await run("redis-cli -h redis.default.svc ping", stage, in: "other") == "PONG")
    }
  }

  @Test("a program without the preloaded library resolves too, and variables name the Service")
  func withoutLibrary() async throws {
    try await withNetwork { stage in
      guard case .mountNamespace = await stage.kubelet.runner.names.resolution else { return }
      try createService("redis", stage)
      try await createClient(stage)
      let service = stage.store.get(.services, namespace: "default", name: "redis") ?? .null
      let own = try #require(service["spec", "clusterIP"].string)
      #expect(try await run("env -i /usr/bin/getent hosts redis.default | cut -d' ' -f1", stage) == own)
      #expect(try await run("echo $REDIS_SERVICE_HOST:$REDIS_SERVICE_PORT_MAIN", stage) == "\(own):6379")
      #expect(try await run("hostname; grep -c LD_PRELOAD /proc/self/environ", stage) == "client\n0")
    }
  }

  @Test("a headless Service means all of its ready pods, each by its own name too", arguments: [false, true])
  func headless(preloading: Bool) async throws {
    try await withNetwork(preloading: preloading) { stage in
      try createService("db", stage, headless: true)
      try await createClient(stage)
      for number in 0...1 {
        try createRedis("db-\(number)", stage, and: ["hostname": .string("db-\(number)"), "subdomain": "db"])
      }
      try await waitUntil("both are ready") { stage.isReady("db-0") && stage.isReady("db-1") }
      let both = [stage.address("db-0"), stage.address("db-1")].sorted()
      try await waitUntil("both are found") { try await addresses(of: "db", stage) == both }
      #expect(try await addresses(of: "db-0.db", stage) == [stage.address("db-0")])
      #expect(try await addresses(of: "db-1.db.default.svc.cluster.local", stage) == [stage.address("db-1")])
      let rest = [stage.address("db-1")]
      try await stage.deletePod("db-0")
      try await waitUntil("only one is found") { try await addresses(of: "db", stage) == rest }
      #expect(try await addresses(of: "db-0.db", stage).isEmpty)
    }
  }

  @Test("a Service whose pod is gone refuses, and answers again with the next one")
  func gone() async throws {
    try await withNetwork { stage in
      try createService("redis", stage)
      try createRedis("redis-0", stage)
      try await createClient(stage)
      try await waitUntil("Redis answers") { try await run("redis-cli -h redis ping", stage) == "PONG" }
      try await stage.deletePod("redis-0")
      try await waitUntil("it refuses") {
        try await run("redis-cli -h redis ping 2>&1", stage).contains("Connection refused")
      }
      try createRedis("redis-1", stage)
      try await waitUntil("the next answers") { try await run("redis-cli -h redis ping", stage) == "PONG" }
    }
  }

  @Test("two sandboxes side by side each mean their own by the same name")
  func sideBySide() async throws {
    try await withNetwork { one in
      try await withNetwork { two in
        for (stage, word) in [(one, "one"), (two, "two")] {
          try createService("redis", stage)
          try createRedis("redis-0", stage)
          try await createClient(stage)
          try await waitUntil("it takes a word") {
            try await run("redis-cli -h redis set who \(word)", stage) == "OK"
          }
        }
        #expect(try await run("redis-cli -h redis get who", one) == "one")
        #expect(try await run("redis-cli -h redis get who", two) == "two")
        #expect(try await addresses(of: "redis", one) != addresses(of: "redis", two))
      }
    }
  }

  @Test("what a Service is not offered is an Event, once")
  func events() async throws {
    try await withNetwork { stage in
      try createService("web", stage, and: ["type": "NodePort"])
      try createService("far", stage, and: ["type": "ExternalName", "externalName": "example.com"])
      func events() -> [String: Int] {
        [String: Int](
          stage.store.list(.events).items.filter { $0["involvedObject", "kind"] == "Service" }.map {
            ("\($0["involvedObject", "name"].string ?? "") \($0["reason"].string ?? "")", $0["count"].int ?? 0)
          }, uniquingKeysWith: { $0 + $1 })
      }
      try await waitUntil("both are said") { events().count == 2 }
      try createService("more", stage)
      try await createClient(stage)
      #expect(events() == ["web NotOffered": 1, "far ExternalNameNotResolved": 1])
    }
  }
}
