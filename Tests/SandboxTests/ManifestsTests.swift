import FoundationEssentials
import TestSupport
import Testing

@testable import Sandbox

/// The manifests as a folder of YAML, and what is said of one that cannot be used.
@Suite("The manifests")
struct ManifestsTests {
  private func folder(_ files: [String: String], _ body: (String) throws -> Void) async throws {
    try await withStage { stage in
      for (name, text) in files { try text.write(toFile: "\(stage.folder)/\(name)", atomically: true, encoding: .utf8) }
      try body(stage.folder)
    }
  }

  @Test("every shipped object passes the API server's rules, and the whole is one YAML text again")
  func shipped() throws {
    let manifests = try Manifests(folder: Executables.projectFile("Profiles/manifests"))
    let store = ObjectStore()
    try ShippedObjects(manifests).create(in: store)
    for (resource, object) in try manifests.objects() {
      #expect(store.get(resource, namespace: object.namespace, name: object.name) != nil, "\(object.name)")
    }
    let count = try manifests.objects().count
    #expect(manifests.text.split(separator: "\n").count { $0.hasPrefix("kind: ") } == count)
  }

  @Test("what the vote pods are to be like stands in the environment of their containers, behind what the manifest has")
  func podEnvironment() throws {
    let manifests = try Manifests(folder: Executables.projectFile("Profiles/manifests"))
    func environment(_ added: [String: String], of name: String = "voting-app") throws -> [String] {
      let store = ObjectStore()
      try ShippedObjects(manifests, podEnvironment: added).create(in: store)
      let object = try #require(store.get(.deployments, namespace: "oggy", name: name))
      return object["spec", "template", "spec", "containers"][0]["env"].elements.compactMap { $0["name"].string }
    }
    let plain = try environment([:])
    #expect(
      try environment(["VOTE_WARMUP": "5s", "VOTE_CAPACITY": "200"]) == plain + ["VOTE_CAPACITY", "VOTE_WARMUP"])
    #expect(try environment(["VOTE_CAPACITY": "200"], of: "worker") == environment([:], of: "worker"))
  }

  @Test("files are read in the order of their names, several objects of one file in its order; empty ones are none")
  func order() async throws {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "
    try await folder(["b.yaml": map + "b", "a.yaml": "\(map)a1\n---\n# none\n---\n\(map)a2\n", "c.txt": "{"]) { path in
      let objects = try Manifests(folder: path).objects()
      #expect(objects.map(\.object.name) == ["a1", "a2", "b"])
    }
  }

  @Test(
    "what cannot be used is an error that names the place and says what to do",
    arguments: [
      ([:], "no .yaml file"), (["a.yaml": "a: [1"], "a.yaml"),
      (["a.yaml": "kind: Gadget\napiVersion: v1\n"], "v1/Gadget is not served by the sandbox"),
      (["a.yaml": "data: 1\n"], "no apiVersion/no kind"),
    ] as [([String: String], String)])
  func invalid(files: [String: String], cause: String) async throws {
    try await folder(files) { path in
      let failure = #expect(throws: SandboxError.self) { _ = try Manifests(folder: path).objects() }
      #expect(failure?.code == .manifestInvalid)
      #expect(failure?.description.contains(cause) == true, "\(failure?.description ?? "")")
      #expect(failure?.description.contains("Restore the folder") == true)
    }
  }

  @Test("a folder that is not there is an error, too")
  func missing() {
    let failure = #expect(throws: SandboxError.self) { _ = try Manifests(folder: "/nowhere/manifests") }
    #expect(failure?.description.contains("/nowhere/manifests") == true)
  }

  @Test(
    "how the worker counts is read from its Deployment",
    arguments: [("count", SandboxInfo.Semantics.count), ("upsert", .upsert)])
  func semantics(argument: String, expected: SandboxInfo.Semantics) {
    let container: JSON = ["args": ["--semantics", .string(argument)]]
    #expect(SandboxInfo.Semantics(worker: ["spec": ["template": ["spec": ["containers": [container]]]]]) == expected)
  }
}
