import Glibc

/// Where the logs of containers are: a file for each start of each.
///
/// The files hold what the programs wrote and nothing else; when they wrote it is kept by ``LogTimes``.
struct PodLogs: Sendable {
  /// One log, and of which start of a container it is.
  struct Source: Sendable, Equatable {
    var path: String
    var restart: Int
  }

  let folder: String
  let times = LogTimes()

  /// The log of a container's start, the first being 0.
  func path(_ plan: PodPlan, container: String, restart: Int) -> String {
    "\(folder)/\(plan.namespace)_\(plan.name)_\(container)_\(restart).log"
  }

  /// The log that `kubectl logs` shows.
  ///
  /// That of the start that runs or ran last, or of the one before it. Throws `badRequest` in the words of a real
  /// node, which come from the container's state (kubelet_pods.go, validateContainerLogStatus).
  func source(_ pod: JSON, container: String, previous: Bool) throws(APIStatus) -> Source {
    let name = pod["metadata", "name"].string ?? ""
    let status = Self.status(of: container, in: pod)
    let (state, last) = (status["state"], status["lastState", "terminated"])
    guard let plan = PodPlan(pod) else { throw .notFound(.pods, name) }
    let isWaiting = state["running"].isNull && state["terminated"].isNull
    if previous {
      guard !last.isNull else {
        throw APIStatus(.badRequest, "previous terminated container \"\(container)\" in pod \"\(name)\" not found")
      }
    } else if isWaiting, last.isNull {
      throw APIStatus(
        .badRequest, "container \"\(container)\" in pod \"\(name)\" \(Self.words(for: state["waiting"]))")
    }
    let count = status["restartCount"].int ?? 0
    // Before it is started again, the number is that of the start that ended; or of one that never came to be.
    let latest = count > 0 && access(path(plan, container: container, restart: count), R_OK) != 0 ? count - 1 : count
    let restart = previous && !isWaiting ? count - 1 : latest
    return Source(path: path(plan, container: container, restart: restart), restart: restart)
  }

  /// A container's part of its pod's status; null if it has none.
  static func status(of container: String, in pod: JSON) -> JSON {
    let lists = ["containerStatuses", "initContainerStatuses"]
    let found = lists.map { pod["status", $0][where: "name", is: container] }
    return found.first { !$0.isNull } ?? .null
  }

  private static func words(for waiting: JSON) -> String {
    switch waiting["reason"].string {
    case nil: "is not available"
    case "ErrImagePull": "is waiting to start: image can't be pulled"
    case "ImagePullBackOff": "is waiting to start: trying and failing to pull image"
    case .some(let reason): "is waiting to start: \(reason)"
    }
  }
}
