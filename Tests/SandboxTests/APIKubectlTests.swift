import FoundationEssentials
import Sandbox
import TestSupport
import Testing

/// The real kubectl against the real server: the installed one, and those that the environment names.
@Suite("kubectl against the API server", .serialized)
struct APIKubectlTests {
  /// A kubectl, and where it is.
  struct Client: Sendable, CustomTestStringConvertible {
    var name: String
    var path: String

    var testDescription: String { name }

    static let installed = (try? Executables.system("kubectl")).map { Client(name: "the installed kubectl", path: $0) }
    static let old = named("VOTEBENCH_KUBECTL_1_20", "kubectl 1.20")
    static let current = named("VOTEBENCH_KUBECTL_1_37", "kubectl 1.37")
    static let all = [installed, old, current].compactMap { $0 }

    private static func named(_ variable: String, _ name: String) -> Client? {
      ProcessInfo.processInfo.environment[variable].map { Client(name: name, path: $0) }
    }
  }

  @Test("kubectl 1.20 is among them", .enabled(if: Client.old != nil, "VOTEBENCH_KUBECTL_1_20 names no kubectl"))
  func old() async throws { try await check(Client.old, "v1.20.") }

  @Test("kubectl 1.37 is among them", .enabled(if: Client.current != nil, "VOTEBENCH_KUBECTL_1_37 names no kubectl"))
  func current() async throws { try await check(Client.current, "v1.37.") }

  private func check(_ client: Client?, _ version: String) async throws {
    let path = try #require(client).path
    try await APIStage.run { api in
      let said = try await api.kubectl(path, "version", "--client")
      #expect(said.text.contains(version))
    }
  }

  @Test("get, set image, rollout status and rollout undo work", arguments: Client.all)
  func rollout(client: Client) async throws {
    let path = client.path
    try await APIStage.run { api in
      let status = try await api.kubectl(path, "rollout", "status", "deploy/voting-app", "--timeout=30s")
      #expect(status.text.contains("successfully rolled out"), "\(status)")
      let set = try await api.kubectl(path, "set", "image", "deploy/voting-app", "voting-app=voting-app:v2")
      #expect(set.text == "deployment.apps/voting-app image updated\n")
      let rolled = try await api.kubectl(path, "rollout", "status", "deploy/voting-app", "--timeout=30s")
      #expect(rolled.code == 0)
      #expect(rolled.text.hasSuffix("deployment \"voting-app\" successfully rolled out\n"), "\(rolled)")
      let table = try await api.kubectl(path, "get", "deploy,rs,pods", "-o", "wide")
      #expect(table.text.contains("4/4     4            4"), "\(table)")
      #expect(table.text.contains("voting-app:v2   app=voting-app"), "\(table)")
      let undo = try await api.kubectl(path, "rollout", "undo", "deployment/voting-app")
      // Later clients also warn that the objects were applied.
      #expect(undo.text.hasSuffix("deployment.apps/voting-app rolled back\n"), "\(undo)")
      let back = try await api.kubectl(path, "rollout", "status", "deploy/voting-app", "--timeout=30s")
      #expect(back.code == 0, "\(back)")
      let image = "jsonpath={.spec.template.spec.containers[0].image}"
      #expect(try await api.kubectl(path, "get", "deploy", "voting-app", "-o", image).text == "voting-app:v1")
      let history = try await api.kubectl(path, "rollout", "history", "deploy/voting-app")
      #expect(history.text.contains("2         <none>\n3         <none>"), "\(history)")
    }
  }

  @Test("the other verbs of a rollout work", arguments: Client.all)
  func verbs(client: Client) async throws {
    let path = client.path
    try await APIStage.run { api in
      _ = try await api.kubectl(path, "rollout", "status", "deploy/voting-app", "--timeout=30s")
      let json = #"[{"op":"replace","path":"/spec/replicas","value":3}]"#
      let strategic = #"{"spec":{"template":{"spec":{"containers":[{"name":"voting-app","image":"voting-app:v2"}]}}}}"#
      let steps: [([String], String)] = [
        (["rollout", "pause", "deploy/voting-app"], "paused"), (["rollout", "resume", "deploy/voting-app"], "resumed"),
        (["rollout", "restart", "deploy/voting-app"], "restarted"),
        (["scale", "deploy/voting-app", "--replicas=5"], "scaled"),
        (["patch", "deploy", "voting-app", "--type=json", "-p", json], "patched"),
        (["patch", "deploy", "voting-app", "-p", strategic], "patched"),
        (["patch", "deploy", "voting-app", "--type=merge", "-p", #"{"spec":{"minReadySeconds":1}}"#], "patched"),
        (["annotate", "deploy/voting-app", "kubernetes.io/change-cause=x", "--overwrite"], "annotated"),
        (["rollout", "status", "deploy/voting-app", "--timeout=30s"], "successfully rolled out"),
        (["describe", "deploy", "voting-app"], "MinimumReplicasAvailable"), (["get", "events"], "ScalingReplicaSet"),
        (["get", "svc,ingress,endpointslices"], "voting-service"), (["delete", "pod", "-l", "app=worker"], "deleted"),
        (["wait", "--for=condition=Available", "deploy/worker", "--timeout=20s"], "condition met"),
      ]
      for (arguments, expected) in steps {
        let said = try await api.kubectl(path, arguments)
        #expect(said.code == 0 && said.text.contains(expected), "\(arguments): \(said)")
      }
    }
  }

  @Test("failures end with kubectl's own words and exit 1", arguments: Client.all)
  func failures(client: Client) async throws {
    let path = client.path
    try await APIStage.run { api in
      let steps: [([String], String)] = [
        (["get", "deployment", "nosuch"], #"Error from server (NotFound): deployments.apps "nosuch" not found"#),
        (["set", "image", "deploy/voting-app", "nosuch=x:1"], #"error: unable to find container named "nosuch""#),
        (
          ["patch", "deploy", "voting-app", "--type=merge", "-p", #"{"spec":{"replicas":-1}}"#],
          "is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0"
        ),
        (["rollout", "undo", "deploy/voting-app", "--to-revision=9"], "unable to find specified revision 9"),
      ]
      for (arguments, expected) in steps {
        let said = try await api.kubectl(path, arguments)
        #expect(said.code == 1 && said.text.contains(expected), "\(arguments): \(said)")
      }
      _ = try await api.kubectl(
        path, "patch", "deploy", "voting-app", "--type=merge", "-p", #"{"spec":{"progressDeadlineSeconds":2}}"#)
      _ = try await api.kubectl(path, "set", "image", "deploy/voting-app", "voting-app=voting-app:missing")
      let stuck = try await api.kubectl(path, "rollout", "status", "deploy/voting-app", "--timeout=30s")
      #expect(stuck.code == 1 && stuck.text.contains("exceeded its progress deadline"), "\(stuck)")
      #expect(try await api.kubectl(path, "get", "pods").text.contains("ErrImagePull"))
    }
  }

  @Test("apply creates, leaves alone and changes", arguments: Client.all)
  func apply(client: Client) async throws {
    let path = client.path
    try await APIStage.run { api in
      let file = try api.write("extra.yaml", Self.manifest(image: "extra:v1"))
      for expected in ["created", "unchanged"] {
        let said = try await api.kubectl(path, "apply", "-f", file)
        #expect(said.text == "deployment.apps/extra \(expected)\n", "\(said)")
      }
      _ = try api.write("extra.yaml", Self.manifest(image: "extra:v2"))
      #expect(try await api.kubectl(path, "apply", "-f", file).text == "deployment.apps/extra configured\n")
      #expect(try await api.kubectl(path, "delete", "-f", file).code == 0)
      #expect(api.store.get(.deployments, namespace: "oggy", name: "extra") == nil)
    }
  }

  private static func manifest(image: String) -> String {
    """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: extra, namespace: oggy}
    spec:
      replicas: 1
      selector: {matchLabels: {app: extra}}
      template:
        metadata: {labels: {app: extra}}
        spec: {containers: [{name: extra, image: "\(image)", ports: [{containerPort: 80}]}]}
    """
  }

  @Test("a client without a certificate learns nothing")
  func unauthorized() async throws {
    try await APIStage.run { api in
      for path in ["/version", "/api/v1/secrets", "/healthz", "/apis/apps/v1/namespaces/oggy/deployments"] {
        let answer = try JSON(parsing: try await api.curl(path, certificate: false))
        #expect(answer["code"] == 403 && answer["reason"] == "Forbidden")
        guard path.contains("deployments") else { continue }
        #expect(answer == (try Fixture.json("answer-anonymous-403")))
      }
    }
  }

  @Test("the server ends at once when it is cancelled, also with a watch open")
  func cancelled() async throws {
    let ending = try await APIStage.run { api in
      let path = try #require(Client.installed, "no kubectl on PATH").path
      _ = try await api.kubectl(path, "rollout", "status", "deploy/voting-app", "--timeout=30s")
      let watch = try api.start(path, "get", "pods", "-w")
      try await waitUntil("the watch shows pods") { watch.log().contains("voting-app") }
    }
    #expect(ending < .seconds(2))
  }
}
