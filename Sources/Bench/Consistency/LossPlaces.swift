/// Where lost votes were: when they were sent, in which phase, which pod had answered, and whether in blocks or scattered.
///
/// A *block* is two or more lost votes between which no accepted vote was counted: what a crash, or a store that was
/// emptied, leaves. A lost vote that stands alone is *scattered*: what a leak leaves.
package struct LossPlaces: Sendable, Hashable, Codable {
  /// Lost votes without a counted one between them, in due order.
  package struct Block: Sendable, Hashable, Codable {
    /// How many.
    package var votes: Int
    /// When the first and the last one was sent, in seconds after the first vote was due.
    package var firstS: Double
    package var lastS: Double
    /// Their voters.
    package var firstVoter: String
    package var lastVoter: String
  }

  /// How many of the lost votes have something in common.
  package struct Share: Sendable, Hashable, Codable {
    /// The phase, or the pod; empty for a pod that nobody knows.
    package var name: String
    package var votes: Int
  }

  /// When the first and the last lost vote was sent, in seconds after the first vote was due.
  package var firstS: Double
  package var lastS: Double
  /// How many blocks there are.
  package var blockCount: Int
  /// The largest twenty of them, in due order.
  package var blocks: [Block]
  /// Lost votes that stand alone.
  package var scattered: Int
  /// By the phase in which they were due, in the order of the run.
  package var phases: [Share]
  /// By the pod that accepted them, the most first.
  package var pods: [Share]

  private static let most = 20

  /// The places of what `audit` found lost; nil when nothing was, or where voters vote more than once.
  init?(_ audit: VoteAudit, _ course: RunCourse) {
    guard audit.lostCount > 0, !audit.hasRevotes else { return nil }
    var sent: [Int: MonotonicTime] = [:]
    var (phases, pods) = ([Phase: Int](), [UInt8: Int]())
    course.votes { vote in
      guard audit.isLost(vote.index) else { return }
      sent[vote.index] = vote.actual
      pods[vote.pod, default: 0] += 1
      if let phase = course.phases.phase(at: vote.intended) { phases[phase, default: 0] += 1 }
    }
    func seconds(_ index: Int) -> Double { ((sent[index] ?? course.origin) - course.origin).seconds }
    let runs = audit.lostRuns()
    blocks = runs.filter { $0.votes > 1 }.sorted { $0.votes > $1.votes }.prefix(Self.most).sorted {
      $0.first < $1.first
    }
    .map { run in
      Block(
        votes: run.votes, firstS: seconds(run.first), lastS: seconds(run.last),
        firstVoter: audit.voter(run.first), lastVoter: audit.voter(run.last))
    }
    blockCount = runs.count { $0.votes > 1 }
    scattered = runs.count - blockCount
    let moments = sent.values
    firstS = ((moments.min() ?? course.origin) - course.origin).seconds
    lastS = ((moments.max() ?? course.origin) - course.origin).seconds
    self.phases = Phase.allCases.compactMap { phase in phases[phase].map { Share(name: phase.rawValue, votes: $0) } }
    self.pods = pods.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      Share(name: course.pod($0.key), votes: $0.value)
    }
  }

  /// In words, a line each.
  package var lines: [String] {
    var parts: [String] = []
    if blockCount > 0 { parts.append("\(blockCount) \(blockCount == 1 ? "block" : "blocks") (as a crash leaves)") }
    if scattered > 0 { parts.append("\(scattered) scattered (as a leak leaves)") }
    parts.append("sent from \(decimal(firstS, 2)) s to \(decimal(lastS, 2)) s")
    let during = phases.isEmpty ? "" : "; \(Self.text(phases))"
    return ["lost       \(parts.joined(separator: ", "))\(during)"]
      + (pods.isEmpty ? [] : ["           accepted by \(Self.text(pods))"])
      + blocks.prefix(5).map {
        "           \($0.votes) in a row, \(decimal($0.firstS, 2)) s to \(decimal($0.lastS, 2)) s: \($0.firstVoter) ... "
          + $0.lastVoter
      }
  }

  private static func text(_ shares: [Share]) -> String {
    shares.map { "\($0.name.isEmpty ? "unknown pods" : $0.name) \($0.votes)" }.joined(separator: ", ")
  }
}

/// How a run went, as far as it tells where a vote was: when phases began, and who answered.
package struct RunCourse: Sendable {
  /// When the first vote was due.
  package var origin: MonotonicTime
  /// When each phase began.
  package var phases: PhaseEdges
  /// The pods by their numbers, counted from 1.
  package var pods: [String]
  /// Goes through every vote.
  package var votes: @Sendable ((Observation) -> Void) -> Void

  /// The course of a run; see the members.
  package init(
    origin: MonotonicTime, phases: PhaseEdges, pods: [String],
    votes: @escaping @Sendable ((Observation) -> Void) -> Void
  ) {
    self.origin = origin
    self.phases = phases
    self.pods = pods
    self.votes = votes
  }

  /// The course that a run's recorder has; `pods` by their numbers.
  package init(_ recorder: Recorder, pods: [String]) {
    let ledger = recorder.ledger
    self.init(origin: ledger.origin, phases: recorder.edges, pods: pods) { body in
      for vote in ledger.observations { body(vote) }
    }
  }

  func pod(_ number: UInt8) -> String {
    number > 0 && Int(number) <= pods.count ? pods[Int(number) - 1] : ""
  }
}
