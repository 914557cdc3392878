/// Ties each failed vote to the pods that were changing while it was under way.
///
/// A pod is changing while it is going, from its mark until the ingress has surely heard that it is gone, and while it
/// is coming, from its creation until the ingress has surely heard that it is ready or it has answered a vote. A vote is
/// under way from its sending to its end. One that hung says nothing by its end: it was sent to a pod that could not
/// answer any more, so its sending alone counts. One that was never sent counts at its due moment.
///
/// What is tied was there at the time; that it was the reason is likely, not proven.
package struct FailureTies: Sendable {
  /// How long an ingress goes on choosing a pod that is not to be chosen any more: 90 of 100 are through by then.
  ///
  /// Measured at an ingress's default settings.
  package static let ingressLag = Duration.milliseconds(2100)
  /// How much later than it happened a mark may be seen: an app that ends at once fails votes before.
  package static let tellingLag = Duration.milliseconds(250)

  /// Failed votes of one kind that are tied to the same pods.
  package struct Group: Sendable, Hashable {
    /// Names of the pods that were going, sorted.
    package var going: [String]
    /// Names of the pods that were coming, sorted.
    package var coming: [String]
    /// Name of the pod that answered; nil when nobody knows where the votes went.
    package var answeredBy: String?
    /// Why they failed.
    package var cause: Cause
    /// How many.
    package var count: Int
    /// When the first of them was due.
    package var first: MonotonicTime
    /// When the last of them was due.
    package var last: MonotonicTime
  }

  /// A pod and the failed votes that are most likely its doing.
  package struct Suspect: Sendable, Hashable {
    /// What speaks against it.
    package enum Reason: Int, Sendable, Hashable {
      /// It answered them.
      case answered
      /// It was going, and nobody knows who answered, or it did itself.
      case going
      /// It was coming, nobody knows who answered, and no pod was going.
      case coming
    }

    /// Place of its rollout.
    package var rollout: Int
    /// Its name.
    package var name: String
    /// What speaks against it.
    package var reason: Reason
    /// How many votes; one counts for each of the pods that were going.
    package var votes: Int
  }

  /// The groups of each rollout, the largest first.
  package let groups: [[Group]]
  /// All votes given.
  package let failed: Int
  /// Those of them that failed while no pod was changing, and were not answered by a pod that a change had made.
  package let untied: Int

  /// Ties failed votes to the pods of `rollouts`, which are in order; a vote's pod `n` has the name at `n - 1` of `names`.
  package init(
    _ votes: some Sequence<Observation>, rollouts: [RolloutRecord], answers: PodAnswers, names: [String]
  ) {
    let changes = PodChanges(rollouts, answers)
    var tallies: [Tally.Key: Tally] = [:]
    for vote in votes {
      let key = Tally.Key(
        cells: changes.cells(of: vote), cause: vote.cause, pod: vote.pod, uid: answers.uid(answering: vote))
      tallies[key, default: Tally(first: vote.intended, last: vote.intended)].add(vote.intended)
    }
    failed = tallies.values.reduce(0) { $0 + $1.count }
    var merged = rollouts.map { _ in [Group: Tally]() }
    var untied = 0
    for (key, tally) in tallies {
      let pods = changes.pods(in: key.cells)
      guard let rollout = changes.rollout(of: pods, at: key.cells.lowerBound, madeBy: key.uid) else {
        untied += tally.count
        continue
      }
      let named = key.pod > 0 && Int(key.pod) <= names.count ? names[Int(key.pod) - 1] : ""
      let group = Group(
        going: Set(pods.filter(\.isGoing).map(\.name)).sorted(),
        coming: Set(pods.filter { !$0.isGoing }.map(\.name)).sorted(), answeredBy: named.isEmpty ? nil : named,
        cause: key.cause, count: 0, first: rollouts[rollout].start, last: rollouts[rollout].start)
      merged[rollout][group, default: Tally(first: tally.first, last: tally.last)].add(tally)
    }
    self.untied = untied
    groups = merged.map(Self.sorted)
  }

  /// The pods against which most failed votes speak, those with the most first.
  package func suspects(atMost limit: Int) -> [Suspect] {
    var votes: [Suspect: Int] = [:]
    for (rollout, groups) in groups.enumerated() {
      for group in groups {
        let (names, reason) = group.suspects
        for name in names {
          votes[Suspect(rollout: rollout, name: name, reason: reason, votes: 0), default: 0] += group.count
        }
      }
    }
    let all = votes.map { Suspect(rollout: $0.rollout, name: $0.name, reason: $0.reason, votes: $1) }
    let sorted = all.sorted {
      ($1.votes, $0.rollout, $0.name, $0.reason.rawValue) < ($0.votes, $1.rollout, $1.name, $1.reason.rawValue)
    }
    return Array(sorted.prefix(limit))
  }

  private static func sorted(_ tallies: [Group: Tally]) -> [Group] {
    tallies.map { group, tally in
      var group = group
      (group.count, group.first, group.last) = (tally.count, tally.first, tally.last)
      return group
    }
    .sorted { ($1.count, $0.first, $0.cause.rawValue) < ($0.count, $1.first, $1.cause.rawValue) }
  }

  /// Votes that nothing tells apart.
  private struct Tally {
    struct Key: Hashable {
      var cells: ClosedRange<Int>
      var cause: Cause
      var pod: UInt8
      var uid: String?
    }

    var count = 0
    var first: MonotonicTime
    var last: MonotonicTime

    mutating func add(_ moment: MonotonicTime) {
      add(Tally(count: 1, first: moment, last: moment))
    }

    mutating func add(_ other: Tally) {
      count += other.count
      first = min(first, other.first)
      last = max(last, other.last)
    }
  }
}

extension FailureTies.Group {
  fileprivate var suspects: (names: [String], reason: FailureTies.Suspect.Reason) {
    if let answeredBy { return ([answeredBy], going.contains(answeredBy) ? .going : .answered) }
    return going.isEmpty ? (coming, .coming) : (going, .going)
  }
}

/// When which pods were changing.
///
/// Time is cut into cells wherever something begins or ends, so that all votes over the same cells are alike.
private struct PodChanges {
  struct Change {
    var rollout: Int
    var name: String
    var isGoing: Bool
    var span: ClosedRange<Int64>
  }

  private let changes: [Change]
  /// When each rollout began.
  private let starts: [MonotonicTime]
  /// The rollout that made each pod.
  private var makers: [String: Int] = [:]
  /// First nanosecond of each cell but the first.
  private let edges: [Int64]

  init(_ rollouts: [RolloutRecord], _ answers: PodAnswers) {
    starts = rollouts.map(\.start)
    changes = rollouts.enumerated().flatMap { number, rollout in
      rollout.pods.flatMap { Self.changes(of: $0, in: rollout, number, firstAnswer: answers[$0.uid]?.first) }
    }
    for (number, rollout) in rollouts.enumerated() {
      for pod in rollout.pods where !pod.isOld { makers[pod.uid] = number }
    }
    edges = Set(changes.flatMap { [$0.span.lowerBound, $0.span.upperBound + 1] } + starts.map(\.nanoseconds)).sorted()
  }

  /// Going and coming.
  private static func changes(
    of pod: RolloutRecord.Pod, in rollout: RolloutRecord, _ number: Int, firstAnswer: MonotonicTime?
  ) -> [Change] {
    let never = MonotonicTime(nanoseconds: .max / 2)
    func change(_ isGoing: Bool, _ start: MonotonicTime, _ end: MonotonicTime) -> Change {
      Change(
        rollout: number, name: pod.name, isGoing: isGoing,
        span: start.nanoseconds...max(start, end).nanoseconds)
    }
    func heard(_ milestone: PodMilestone) -> MonotonicTime? {
      pod.times[milestone].map { $0.latest + FailureTies.ingressLag }
    }
    let coming = pod.times[.created].map { created in
      let heard = heard(.endpointReady) ?? heard(.ready) ?? pod.times[.marked]?.latest ?? rollout.end ?? never
      return change(false, created.earliest, min(heard, firstAnswer ?? heard))
    }
    let going = pod.times[.marked].map {
      change(true, $0.earliest + (.zero - FailureTies.tellingLag), heard(.gone) ?? never)
    }
    return [coming, going].compactMap { $0 }
  }

  /// The cells over which a vote was under way.
  func cells(of vote: Observation) -> ClosedRange<Int> {
    let start = cell((vote.outcome == .dropped ? vote.intended : vote.actual).nanoseconds)
    return start...(vote.hung ? start : max(start, cell(vote.completed.nanoseconds)))
  }

  /// The changes that were going on at some time within these cells.
  func pods(in cells: ClosedRange<Int>) -> [Change] {
    changes.filter { (cell($0.span.lowerBound)...cell($0.span.upperBound)).overlaps(cells) }
  }

  /// The rollout to which a vote belongs, of those whose pods were changing: the last that had begun by then, nil when
  /// there is none and no change had made the pod that answered.
  func rollout(of pods: [Change], at cell: Int, madeBy uid: String?) -> Int? {
    let numbers = pods.map(\.rollout).sorted()
    return numbers.last { self.cell(starts[$0].nanoseconds) <= cell } ?? numbers.first ?? uid.flatMap { makers[$0] }
  }

  /// How many edges are not after this moment.
  private func cell(_ moment: Int64) -> Int {
    var (low, high) = (0, edges.count)
    while low < high {
      let middle = (low + high) / 2
      if edges[middle] <= moment { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Observation {
  /// True when its end is nobody's answer but the end of somebody's patience: ours, or that of the ingress.
  fileprivate var hung: Bool {
    outcome == .dropped || [.curl(28), .status(504), .runEnded].contains(cause)
  }
}
