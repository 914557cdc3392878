import FoundationEssentials

/// The columns of pods, whose status is worked out from the states of their containers.
enum PodColumns {
  /// All but the name.
  static let all: [TableColumn] = [
    TableColumns.text("Ready") { pod in
      let statuses = pod["status", "containerStatuses"].elements
      return .string("\(statuses.count { $0["ready"].bool == true })/\(pod["spec", "containers"].elements.count)")
    },
    TableColumns.text("Status") { .string(reason($0)) },
    TableColumn(name: "Restarts", cell: restarts), TableColumns.age,
    field("IP", ["status", "podIP"]), field("Node", ["spec", "nodeName"]),
    field("Nominated Node", ["status", "nominatedNodeName"]),
    TableColumns.text("Readiness Gates", priority: 1) { _ in "<none>" },
  ]

  private static func field(_ name: String, _ path: [String]) -> TableColumn {
    TableColumns.text(name, priority: 1) { .string(path.reduce($0) { $0[$1] }.string ?? "<none>") }
  }

  private static func restarts(_ pod: JSON, _ now: Date) -> JSON {
    let statuses = pod["status", "containerStatuses"].elements
    let count = statuses.reduce(0) { $0 + ($1["restartCount"].int ?? 0) }
    let last = statuses.compactMap { $0["lastState", "terminated", "finishedAt"].string }.max()
    guard count > 0, let last else { return .string("\(count)") }
    return .string("\(count) (\(Age.text(since: last, now: now)) ago)")
  }

  /// What stands in the status column (printers.go, printPod).
  static func reason(_ pod: JSON) -> String {
    var reason = pod["status", "reason"].string ?? pod["status", "phase"].string ?? ""
    var running = false
    for status in pod["status", "containerStatuses"].elements.reversed() {
      let state = status["state"]
      if let waiting = state["waiting", "reason"].string, !waiting.isEmpty {
        reason = waiting
      } else if let terminated = state["terminated"].object {
        reason = terminatedReason(.object(terminated))
      } else if status["ready"].bool == true, !state["running"].isNull {
        running = true
      }
    }
    // One container is done while another still runs.
    if reason == "Completed", running { reason = ready(pod) ? "Running" : "NotReady" }
    guard !pod["metadata", "deletionTimestamp"].isNull else { return reason }
    let over = ["Succeeded", "Failed"].contains(pod["status", "phase"].string ?? "")
    return over ? reason : "Terminating"
  }

  private static func terminatedReason(_ terminated: JSON) -> String {
    if let reason = terminated["reason"].string, !reason.isEmpty { return reason }
    if let signal = terminated["signal"].int, signal != 0 { return "Signal:\(signal)" }
    return "ExitCode:\(terminated["exitCode"].int ?? 0)"
  }

  private static func ready(_ pod: JSON) -> Bool {
    pod["status", "conditions"][where: "type", is: "Ready"]["status"].string == "True"
  }
}
