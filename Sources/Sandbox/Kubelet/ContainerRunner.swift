import FoundationEssentials
import Glibc

/// Starts containers: the votingd process with its pod's environment, name resolution, log and user.
struct ContainerRunner: Sendable {
  /// Why a container could not be started, in the words of its status.
  struct Failure: Error, Equatable {
    var reason: String
    var message: String
  }

  let store: ObjectStore
  let votingd: String
  let logs: PodLogs
  let account: UnprivilegedAccount?
  let journal: ProcessJournal
  /// The library that makes names of Services resolve, and the hosts file that it reads.
  let nssWrapper: String
  let hosts: String

  /// Starts a pod's container.
  func start(
    _ pod: JSON, _ plan: PodPlan, _ image: Image, _ address: String, restart: Int
  ) async throws(Failure) -> ChildProcess {
    let container = pod["spec", "containers"][0]
    let arguments = container["args"].elements.compactMap(\.string)
    let command = container["command"].elements.compactMap(\.string)
    let environment = try environment(pod, image, address)
    var child = ChildProcess.Plan(
      "pod \(plan.name)", (command.isEmpty ? [votingd] + image.arguments : command) + arguments,
      log: logs.path(plan, restart: restart), account: account)
    child.environment = environment
    do throws(SandboxError) {
      return try await ChildProcess.start(child, journal: journal)
    } catch {
      throw Failure(reason: "RunContainerError", message: error.cause)
    }
  }

  /// Runs a preStop hook to its end; false if it failed.
  func runPreStop(
    _ hook: PodPlan.PreStop, _ pod: JSON, _ plan: PodPlan, _ image: Image, _ address: String
  ) async -> Bool {
    switch hook {
    case .sleep(let seconds):
      try? await Task.sleep(for: .seconds(seconds))
      return true
    case .httpGet(let path, let port):
      let outcome = await PlainHTTP.request("GET", path, to: .tcp(address, port), within: .seconds(30))
      if case .answered(200..<400) = outcome { return true }
      return false
    case .exec(let command):
      // An image without programs has no `sleep` either.
      guard image.hasPrograms, !command.isEmpty, let environment = try? environment(pod, image, address) else {
        return false
      }
      var child = ChildProcess.Plan(
        "preStop of \(plan.name)", command, log: logs.path(plan, restart: 0), account: account)
      child.environment = environment
      return (try? await ChildProcess.start(child, journal: journal).ending) == .exited(0)
    }
  }

  private func environment(_ pod: JSON, _ image: Image, _ address: String) throws(Failure) -> [String: String] {
    do throws(ContainerEnvironment.Failure) {
      var variables = try ContainerEnvironment(pod: pod, image: image, address: address, store: store).variables
      // A cluster's name resolution, which a pod sees but not in its environment: here it needs two variables.
      variables["LD_PRELOAD"] = nssWrapper
      variables["NSS_WRAPPER_HOSTS"] = hosts
      return variables
    } catch {
      throw Failure(reason: "CreateContainerConfigError", message: error.message)
    }
  }
}

/// Where the logs of containers are: a file for each start of each.
struct PodLogs: Sendable {
  let folder: String

  /// The log of a container's start, the first being 0.
  func path(_ plan: PodPlan, restart: Int) -> String {
    "\(folder)/\(plan.namespace)_\(plan.name)_\(restart).log"
  }

  /// The log that `kubectl logs` shows; nil if there is none.
  func current(_ pod: JSON, previous: Bool) -> String? {
    guard let plan = PodPlan(pod) else { return nil }
    let restarts = pod["status", "containerStatuses"][0]["restartCount"].int ?? 0
    let path = path(plan, restart: restarts - (previous ? 1 : 0))
    return access(path, R_OK) == 0 ? path : nil
  }
}
