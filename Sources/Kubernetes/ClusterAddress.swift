import FoundationEssentials

/// The cluster that kubectl is going to talk to, by the kubeconfig: nothing of it is secret.
package struct ClusterAddress: Sendable, Hashable, CustomStringConvertible {
  /// The context; nil where there is no kubeconfig, as within a pod.
  package var context: String?
  /// URL of the API server; nil when the kubeconfig does not say.
  package var server: String?
  /// Name of the credentials in the kubeconfig; nil when it does not say.
  package var user: String?

  /// What stands in a kubeconfig, as `kubectl config view -o json` prints it.
  package struct Kubeconfig: Sendable, Decodable {
    fileprivate struct Context: Decodable {
      struct Body: Decodable {
        var cluster: String?
        var user: String?
      }
      var name: String
      var context: Body?
    }
    fileprivate struct Cluster: Decodable {
      struct Body: Decodable {
        var server: String?
      }
      var name: String
      var cluster: Body?
    }
    fileprivate var contexts: [Context]?
    fileprivate var clusters: [Cluster]?
    fileprivate var current: String?

    private enum CodingKeys: String, CodingKey {
      case contexts, clusters
      case current = "current-context"
    }
  }

  /// The address of `context`, or of the current one when that is nil.
  ///
  /// Throws `noContext` when it is named and not there. A kubeconfig without any context is no error: within a pod
  /// kubectl needs none.
  package init(_ kubeconfig: Kubeconfig, context: String?) throws(KubectlError) {
    guard let name = context ?? kubeconfig.current, !name.isEmpty else { return }
    guard let found = kubeconfig.contexts?.first(where: { $0.name == name }) else {
      let names = (kubeconfig.contexts ?? []).map(\.name).sorted()
      throw KubectlError(
        code: .noContext, attempted: "reading the kubeconfig",
        cause: "there is no context '\(name)'"
          + (names.isEmpty ? ", nor any other" : "; there are: \(names.joined(separator: ", "))"),
        remedy: "Name one with --context, or another file with --kubeconfig.")
    }
    self.context = name
    user = found.context?.user
    server = kubeconfig.clusters?.first { $0.name == found.context?.cluster }?.cluster?.server
  }

  /// A context, of which nothing else is known.
  package init(context: String) {
    self.context = context
  }

  init(context: String?, server: String?) {
    self.context = context
    self.server = server
  }

  /// The address that `kubectl` is going to talk to; throws as above, and where kubectl cannot read its kubeconfig.
  package init(of kubectl: Kubectl) async throws(KubectlError) {
    let question = ["config", "view", "-o", "json"]
    let printed = try await kubectl.require(question).output
    guard let kubeconfig = try? JSONDecoder().decode(Kubeconfig.self, from: Data(printed.utf8)) else {
      throw KubectlError(
        code: .unreadable, attempted: kubectl.commandLine(question), cause: "it prints no kubeconfig",
        remedy: "Name another file with --kubeconfig.")
    }
    try self.init(kubeconfig, context: kubectl.context)
  }

  /// `context kind-kind (https://127.0.0.1:6443)`.
  package var description: String {
    guard let context else { return "no kubeconfig" }
    return "context \(context)" + (server.map { " (\($0))" } ?? "")
  }
}
