import Testing

@testable import Sandbox

@Suite("What a container is started with")
struct KubeletContainerTests {
  private func store() throws -> ObjectStore {
    let store = ObjectStore(seed: 1)
    try store.create(
      ["metadata": ["name": "app-config", "namespace": "oggy"], "data": ["DB_HOST": "db"]], .configMaps)
    try store.create(
      ["metadata": ["name": "app-secrets", "namespace": "oggy"], "data": ["DB_PASSWORD": "c2VjcmV0"]], .secrets)
    return store
  }

  private func pod(_ environment: JSON) -> JSON {
    [
      "metadata": ["name": "voting-app-1", "namespace": "oggy"],
      "spec": ["containers": [["name": "voting-app", "env": environment]]],
    ]
  }

  @Test("its environment is what its image and its specification say, and nothing of ours")
  func environment() throws {
    let image = try #require(Image.named("voting-app:v2"))
    let pod = pod([
      ["name": "PLAIN", "value": "x"],
      ["name": "DB", "valueFrom": ["configMapKeyRef": ["name": "app-config", "key": "DB_HOST"]]],
      ["name": "PASSWORD", "valueFrom": ["secretKeyRef": ["name": "app-secrets", "key": "DB_PASSWORD"]]],
      ["name": "POD", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
      ["name": "IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
      ["name": "NONE", "valueFrom": ["configMapKeyRef": ["name": "no", "key": "no", "optional": true]]],
    ])
    let environment = try ContainerEnvironment(
      pod: pod, container: pod["spec", "containers"][0], image: image, address: "127.70.1.10", store: store())
    #expect(
      environment.variables == [
        "PLAIN": "x", "DB": "db", "PASSWORD": "secret", "POD": "voting-app-1", "IP": "127.70.1.10",
        "APP_VERSION": "v2", "HOSTNAME": "voting-app-1",
      ])
  }

  @Test(
    "what it refers to must be there",
    arguments: [
      ("configMapKeyRef", "none", "k", "configmap \"none\" not found"),
      ("secretKeyRef", "none", "k", "secret \"none\" not found"),
      ("configMapKeyRef", "app-config", "k", "couldn't find key k in ConfigMap oggy/app-config"),
    ])
  func missing(kind: String, name: String, key: String, message: String) throws {
    let image = try #require(Image.named("voting-app:v1"))
    let reference: JSON = ["name": .string(name), "key": .string(key)]
    let pod = pod([["name": "X", "valueFrom": .object([kind: reference])]])
    let store = try store()
    #expect(throws: ContainerEnvironment.Failure(message: message)) {
      try ContainerEnvironment(
        pod: pod, container: pod["spec", "containers"][0], image: image, address: "127.70.1.10", store: store)
    }
  }

  @Test(
    "images go by their short and their full names",
    arguments: [
      ("voting-app:v1", true), ("docker.io/library/voting-app:v1", true), ("library/worker:v2", true),
      ("voting-app:lossy", true), ("voting-app:abrupt", true), ("voting-app:missing", false), ("voting-app", false),
      ("localhost:5000/voting-app:v1", false),
    ])
  func images(name: String, known: Bool) {
    #expect((Image.named(name) != nil) == known)
  }

  @Test(
    "messages name an image in full",
    arguments: [
      ("voting-app:missing", "docker.io/library/voting-app:missing"), ("nginx", "docker.io/library/nginx:latest"),
      ("me/app:1", "docker.io/me/app:1"), ("127.0.0.1:5999/voting-app:nope", "127.0.0.1:5999/voting-app:nope"),
      ("quay.io/a/b", "quay.io/a/b:latest"),
    ])
  func fullNames(name: String, full: String) {
    #expect(Image.fullName(name) == full)
  }
}
