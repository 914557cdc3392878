import FoundationEssentials
import TestSupport
import Testing

/// A run of votebench that is under way, and what it leaves.
struct ClusterRun: Sendable {
  let name: String
  /// Where its report is going to be.
  let folder: String
  let process: ServerProcess
  let stage: Stage

  /// What it has printed so far.
  var output: String { stage.log(of: "run-\(name)") }

  /// Waits until it prints this.
  func prints(_ text: String) async throws {
    try await waitUntil("\(name) prints '\(text)'", within: .seconds(90)) {
      if process.poll() != nil, !output.contains(text) { throw StageError("it has ended: \(output)") }
      return output.contains(text)
    }
  }

  /// Waits until it is in this phase; in the rollout and the rollback, until the cluster is being changed.
  func isIn(_ phase: String) async throws {
    switch phase {
    case "rollout": try await prints(" set image ")
    case "rollback": try await prints(" rollout undo ")
    default: try await prints("  \(phase)\n")
    }
  }

  /// Waits for its end, and reads what it left.
  func ended(within limit: Duration = .seconds(150)) async throws -> Votebench.Ended {
    let status: Int32 =
      switch try await process.wait(within: limit) {
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    return Votebench.Ended(status: status, output: output, summary: try Votebench.summary(in: folder))
  }

  /// The times of events.ndjson, in the order of its lines.
  func eventTimes() throws -> [Double] {
    struct Line: Decodable {
      var tS: Double
    }
    let text = try String(contentsOfFile: folder + "/events.ndjson", encoding: .utf8)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try text.split(separator: "\n").map { try decoder.decode(Line.self, from: Data($0.utf8)).tS }
  }
}

extension Votebench.Ended {
  /// True when nothing was wrong; so few votes, and several runs on one machine, may not suffice for a pass.
  var isFine: Bool { [0, 2].contains(status) && summary?.objectives.contains { $0.verdict == "fail" } == false }
}

extension Votebench.Summary.Rollout.Pod {
  /// How far apart two connections to the API server may tell what happened in order.
  private static let skewS = 0.25
  private static let coming = ["created", "scheduled", "started", "ready", "endpointReady"]
  private static let going = ["marked", "sigterm", "gone"]

  /// Milestones that the pod must have passed for this change to be complete, and has no time of.
  var missing: [String] {
    let needed = old ? ["marked", "gone"] : Self.coming
    return needed.filter { times["\($0)S"] == nil }
  }

  /// Milestones that cannot have followed on each other as they do here; empty when all is in the usual order.
  var disorder: [String] {
    [Self.coming, Self.going].flatMap { usual in
      let known = usual.filter { times["\($0)S"] != nil }
      return zip(known, known.dropFirst()).filter { earlier, later in
        let earliest = times["\(earlier)EarliestS"] ?? times["\(earlier)S"] ?? 0
        return times["\(later)S"] ?? 0 < earliest - Self.skewS
      }.map { "\(name): \($0.1) before \($0.0)" }
    }
  }
}
