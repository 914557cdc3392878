import Sandbox
import TestSupport
import Testing

/// The real kubectl with a token of the shipped ServiceAccount.
@Suite("A ServiceAccount with kubectl")
struct AccessKubectlTests {
  private struct Client {
    var api: APIStage
    var path: String
    var kubeconfig: String

    func callAsFunction(_ arguments: String...) async throws -> APIStage.Said {
      try await api.kubectl(path, ["--kubeconfig", kubeconfig] + arguments)
    }
  }

  // kubectl before 1.24 makes no tokens, so the admin asks by a plain POST.
  private func client(_ kubectl: String, _ api: APIStage) async throws -> Client {
    let request = try api.write(
      "token.json", #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}"#)
    let path = "/api/v1/namespaces/oggy/serviceaccounts/votebench/token"
    let said = try await api.kubectl(kubectl, "create", "--raw", path, "-f", request)
    let token = try #require(try JSON(parsing: said.text)["status", "token"].string)
    let kubeconfig = try api.write("kubeconfig-votebench", api.kubeconfig("token: \(token)"))
    return Client(api: api, path: kubectl, kubeconfig: kubeconfig)
  }

  @Test(
    "it changes, undoes, scales and watches with the shipped Role, and is refused the rest by name",
    arguments: KubectlClient.all)
  func shippedRole(client named: KubectlClient) async throws {
    try await APIStage.run { api in
      let kubectl = try await client(named.path, api)
      for arguments in [
        ["set", "image", "deployment/voting-app", "*=voting-app:v2"], ["rollout", "undo", "deployment/voting-app"],
        ["rollout", "restart", "statefulset/db"], ["rollout", "undo", "statefulset/db"],
        ["patch", "deployment", "voting-app", "-p", #"{"spec":{"minReadySeconds":1}}"#],
        ["scale", "deployment/voting-app", "--replicas=5"], ["get", "deployments,statefulsets,rs,pods,events"],
        ["rollout", "history", "deployment/voting-app"], ["rollout", "status", "deployment/voting-app"],
        ["get", "--raw", "/apis/discovery.k8s.io/v1/namespaces/oggy/endpointslices?watch=1&timeoutSeconds=1"],
        ["auth", "can-i", "patch", "deployments.apps"], ["delete", "pods", "--all", "--wait=false"],
      ] {
        let said = try await api.kubectl(kubectl.path, ["--kubeconfig", kubectl.kubeconfig] + arguments)
        #expect(said.code == 0, "\(arguments): \(said.text)")
      }
      let user = #"User "system:serviceaccount:oggy:votebench" cannot"#
      let refused = try await kubectl("delete", "deployment", "voting-app")
      #expect(refused.code == 1)
      #expect(
        refused.text.contains(#"deployments.apps "voting-app" is forbidden: \#(user) delete resource "deployments""#))
      #expect(try await kubectl("get", "secrets").text.contains("secrets is forbidden: \(user) list"))
      #expect(try await kubectl("auth", "can-i", "get", "secrets").text.contains("no"))
      let all = try await kubectl("auth", "can-i", "--list")
      #expect(all.text.contains("deployments.apps/scale") && all.text.contains("[patch]"))
    }
  }

  @Test("kubectl makes tokens, and a wrong one is not known")
  func tokens() async throws {
    try await APIStage.run { api in
      let kubectl = try Executables.system("kubectl")
      let token = try await api.kubectl(kubectl, "create", "token", "votebench", "--duration=10m")
      #expect(token.code == 0)
      let word = token.text.split(separator: "\n").first.map(String.init) ?? ""
      let path = try api.write("known", api.kubeconfig("token: \(word)"))
      let known = try await api.kubectl(kubectl, "--kubeconfig", path, "auth", "whoami")
      #expect(known.text.contains("system:serviceaccount:oggy:votebench"))
      let wrong = try api.write("wrong", api.kubeconfig("token: wrong"))
      let unknown = try await api.kubectl(kubectl, "--kubeconfig", wrong, "get", "--raw", "/version")
      #expect(unknown.code == 1)
      #expect(unknown.text.contains("You must be logged in to the server (Unauthorized)"))
    }
  }
}
