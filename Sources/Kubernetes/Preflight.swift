package import Bench
import FoundationEssentials

/// Finds out before any load whether a run can watch its workloads, change them and put them back.
///
/// Nothing is changed, and no question waits for longer than some seconds; the cause of a failure is one line.
package struct Preflight: Sendable {
  private let kubectl: Kubectl
  private let workloads: [Workload]
  private let permissions: Permissions
  private let limit: Duration

  /// The questions before these changes with this strategy; `limit` is how long the API server may take to answer one.
  package init(
    kubectl: Kubectl, changes: [RolloutChange], strategy: StrategyChange?, limit: Duration = .seconds(5)
  ) {
    self.kubectl = kubectl
    self.limit = limit
    workloads = changes.map(\.workload).reduce(into: []) { known, workload in
      if !known.contains(workload) { known.append(workload) }
    }
    permissions = Permissions(changes: changes, strategy: strategy)
  }

  /// Asks; gives what the cluster has.
  ///
  /// Permissions that cannot be asked for are no error: `ClusterAccess.unchecked` says so.
  package func run() async throws(KubectlError) -> ClusterAccess {
    try await checkVersion()
    let address = try await address()
    do {
      return try await look(at: address)
    } catch {
      // The command line says less than the name of the cluster.
      let remedy =
        address.context == nil ? "Set KUBECONFIG, or name a file with --kubeconfig." : error.remedy
      throw KubectlError(code: error.code, attempted: "\(address)", cause: error.cause, remedy: remedy)
    }
  }

  private func look(at address: ClusterAddress) async throws(KubectlError) -> ClusterAccess {
    var found: [WorkloadSnapshot] = []
    var forbidden: KubectlError?
    for workload in workloads {
      do {
        found.append(try await snapshot(of: workload))
      } catch  where error.code == .forbidden {
        forbidden = error
      } catch  where error.code == .notFound {
        throw await whatIsMissing(workload, error)
      }
    }
    let unchecked = try await checkPermissions(address)
    if let forbidden { throw forbidden }
    return ClusterAccess(
      address: address, namespace: kubectl.namespace, workloads: found, unchecked: unchecked)
  }

  // MARK: kubectl and its kubeconfig

  /// The oldest minor version of 1 that is known to work.
  private static let oldest = 20

  private func checkVersion() async throws(KubectlError) {
    struct Answer: Decodable {
      struct Version: Decodable {
        var major: String
        var minor: String
        var gitVersion: String?
      }
      var clientVersion: Version
    }
    let question = ["version", "--client", "-o", "json"]
    let version: Answer.Version
    do {
      // No server is asked: on a machine that is very busy the program itself may take seconds.
      let printed = try await kubectl.run(question, limit: limit * 4).output
      version = try JSONDecoder().decode(Answer.self, from: Data(printed.utf8)).clientVersion
    } catch let error as KubectlError {
      throw error
    } catch {
      throw KubectlError(
        code: .unreadable, attempted: kubectl.commandLine(question), cause: "it does not say its version",
        remedy: "Name a kubectl of version 1.\(Self.oldest) or later with --kubectl.")
    }
    // Clouds write `20+`.
    let minor = Int(version.minor.prefix { $0.isNumber }) ?? 0
    guard version.major != "1" || minor >= Self.oldest else {
      throw KubectlError(
        code: .unsupported, attempted: kubectl.executable,
        cause: "it is kubectl \(version.gitVersion ?? "1.\(minor)"), older than 1.\(Self.oldest)",
        remedy: "Install a later one, or name it with --kubectl.")
    }
  }

  private func address() async throws(KubectlError) -> ClusterAddress {
    try ClusterAddress(try await ask(["config", "view", "-o", "json"]), context: kubectl.context)
  }

  // MARK: The workload

  private func snapshot(of workload: Workload) async throws(KubectlError) -> WorkloadSnapshot {
    let path = "/apis/apps/v1/namespaces/\(kubectl.namespace)/\(workload.kind.resource)/\(workload.name)"
    return try WorkloadSnapshot(json: try await kubectl.require(["get", "--raw", path], limit: limit).output)
  }

  /// A list of a namespace that does not exist is empty, and who may list is not always allowed to ask for namespaces.
  private func whatIsMissing(_ workload: Workload, _ error: KubectlError) async -> KubectlError {
    struct Named: Decodable {
      struct Metadata: Decodable {
        var name: String
      }
      var metadata: Metadata
    }
    let namespace = kubectl.namespace
    var found = error
    do {
      let _: Named = try await ask(raw: "/api/v1/namespaces/\(namespace)")
    } catch  where error.code == .notFound {
      found.cause = "there is no namespace '\(namespace)'"
      found.remedy = "Name another with --namespace."
      return found
    } catch {}
    let path = "/apis/apps/v1/namespaces/\(namespace)/\(workload.kind.resource)?limit=500"
    let list: ObjectList<Named>? = try? await ask(raw: path)
    found.cause = "there is no \(workload.kind.rawValue) '\(workload.name)' in namespace '\(namespace)'"
    if let names = list?.items.map(\.metadata.name) {
      found.cause += names.isEmpty ? ", nor any other" : "; there are: \(Self.nearest(names, to: workload.name))"
    }
    found.remedy = "Name another with --\(workload.kind.rawValue), or another --namespace."
    return found
  }

  private static func nearest(_ names: [String], to name: String) -> String {
    func likeness(_ other: String) -> Int { zip(name, other).prefix { $0 == $1 }.count }
    let sorted = names.sorted { (likeness($1), $0) < (likeness($0), $1) }
    return sorted.prefix(8).joined(separator: ", ") + (sorted.count > 8 ? " and \(sorted.count - 8) more" : "")
  }

  // MARK: Permissions

  private func checkPermissions(_ address: ClusterAddress) async throws(KubectlError) -> String? {
    // kubectl asks the server first what kinds it has; an old one takes some seconds for that where there are many.
    let answer = try? await kubectl.run(
      Permissions.question, input: permissions.reviews(namespace: kubectl.namespace), limit: limit * 4)
    guard let answer, let missing = permissions.missing(in: answer.output) else {
      let cause = answer.map { $0.lastError } ?? "no answer"
      return "permissions were not checked: " + (cause.isEmpty ? "the API server did not say" : cause)
    }
    guard !missing.isEmpty else { return nil }
    let user = await user() ?? address.user.map { "user '\($0)' of the kubeconfig" } ?? "no user"
    throw KubectlError(
      code: .forbidden, attempted: "",
      cause: "votebench may not \(Permissions.sentence(missing)) in namespace \(kubectl.namespace) (\(user))",
      remedy: "Add \(missing.count == 1 ? "this verb" : "these verbs") to its Role; "
        + "Profiles/manifests/70-votebench.yaml has a sufficient one.")
  }

  /// Who the API server takes kubectl for; nil when it does not say (before 1.28).
  private func user() async -> String? {
    struct Review: Decodable {
      struct Status: Decodable {
        struct User: Decodable {
          var username: String
        }
        var userInfo: User
      }
      var status: Status
    }
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    let body = #"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#
    let review: Review? = try? await ask(["create", "--raw", path, "-f", "-"], input: body)
    return review.map { "User \"\($0.status.userInfo.username)\"" }
  }

  // MARK: Questions

  private func ask<Value: Decodable>(raw path: String) async throws(KubectlError) -> Value {
    try await ask(["get", "--raw", path])
  }

  private func ask<Value: Decodable>(_ arguments: [String], input: String? = nil) async throws(KubectlError) -> Value {
    let ended = try await kubectl.require(arguments, input: input, limit: limit)
    do {
      return try JSONDecoder().decode(Value.self, from: Data(ended.output.utf8))
    } catch {
      throw KubectlError(
        code: .unreadable, attempted: kubectl.commandLine(arguments), cause: "the answer cannot be read (\(error))",
        remedy: "Run the command by hand, and check that it talks to a Kubernetes API server.")
    }
  }
}
