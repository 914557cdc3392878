/// A run interval by interval: what timeline.csv and the charts of report.html show.
///
/// Intervals are whole seconds long, counted from the moment at which the first vote was due. Votes stand in the interval in
/// which they were due, so that an outage is seen where it began; totals, pods and the tally are those of an interval's end.
package struct Timeline: Sendable {
  /// One interval.
  package struct Row: Sendable, Hashable {
    /// When it begins, in seconds after the first vote was due.
    package var start: Int
    /// The phase at its beginning; nil before the first and without one.
    package var phase: Phase?
    /// How the votes that were due in it ended.
    package var votes = PhaseFigures.Votes()
    /// Response times of those that were sent and ended, in milliseconds; nil without one.
    package var response: Distribution.Summary?
    /// Their service times, in milliseconds.
    package var service: Distribution.Summary?
    /// Their start lags, in microseconds.
    package var startLag: Distribution.Summary?
    /// Votes whose acceptance had come back by its end, warmup included; where the tally counts voters and some vote
    /// again, voters.
    package var acceptedTotal = 0
    /// Votes that the last poll until its end showed; nil before one.
    package var visibleTotal: Int?
    /// The age in milliseconds of the oldest hidden vote, the largest of its polls; 0 where they hid none, nil without one.
    package var freshness: Double?
    /// Pods of the changed workloads at its end; nil where none was watched.
    package var pods: Pods?
  }

  /// Pods at a moment, by state.
  package struct Pods: Sendable, Hashable {
    /// Made, and not ready yet.
    package var starting: Int
    /// Ready, and not marked for their end.
    package var ready: Int
    /// Not ready any more after it was, and not marked.
    package var unready: Int
    /// Marked, and not gone yet.
    package var terminating: Int

    /// So many in each state.
    package init(starting: Int = 0, ready: Int = 0, unready: Int = 0, terminating: Int = 0) {
      self.starting = starting
      self.ready = ready
      self.unready = unready
      self.terminating = terminating
    }

    /// Counts one more pod in this state.
    mutating func count(_ state: PodLife.State) {
      switch state {
      case .starting: starting += 1
      case .ready: ready += 1
      case .unready: unready += 1
      case .terminating: terminating += 1
      }
    }
  }

  /// Rows that there are at most.
  private static let most = 3600
  private static let lengths = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600]

  /// How long each interval is, in seconds: 1 in a run of an hour or less.
  package let interval: Int
  /// Every interval in order, those without votes too.
  package private(set) var rows: [Row]

  /// The timeline of a run.
  package init(_ report: RunReport) {
    let material = report.material
    let end = max(material.end, material.recorder.edges.edges.last?.start ?? material.origin)
    let seconds = max(1, Int((end - material.origin).seconds.rounded(.up)))
    let interval = Self.lengths.first { ($0 * Self.most) >= seconds } ?? 86_400
    self.interval = interval
    rows = (0..<(seconds + interval - 1) / interval).map { Row(start: $0 * interval) }
    for place in rows.indices {
      rows[place].phase = material.recorder.edges.phase(at: material.origin + .seconds(place * interval))
    }
    addVotes(material)
    addAccepted(material, report.heading.revoters)
    addPolls(material)
    addPods(material)
  }

  private func place(of moment: MonotonicTime, _ origin: MonotonicTime) -> Int {
    let second = Int((moment.nanoseconds - origin.nanoseconds) / 1_000_000_000)
    return min(max(0, second / interval), rows.count - 1)
  }

  private mutating func addVotes(_ material: RunReport.Material) {
    // Of the material nothing is asked vote by vote: each time it would be copied.
    let (ledger, origin) = (material.recorder.ledger, material.origin)
    var times = VoteTimes()
    var current = 0
    for vote in ledger.observations {
      let due = place(of: vote.intended, origin)
      if due != current {
        close(current, &times)
        current = due
      }
      rows[due].votes.count(vote)
      if vote.outcome != .dropped { times.record(vote) }
    }
    close(current, &times)
  }

  /// What the tally would show if it knew of each acceptance at once.
  private mutating func addAccepted(_ material: RunReport.Material, _ ballot: Ballot?) {
    let (ledger, origin) = (material.recorder.ledger, material.origin)
    // Where voters count: the interval of each one's first acceptance.
    var first = ballot == nil ? [] : [Int32](repeating: .max, count: ledger.count)
    for vote in ledger.observations where vote.outcome == .accepted {
      let place = place(of: vote.completed, origin)
      guard let ballot else {
        rows[place].acceptedTotal += 1
        continue
      }
      let voter = ballot.voterNumber(of: vote.index)
      first[voter] = min(first[voter], Int32(place))
    }
    for place in first where place < .max { rows[Int(place)].acceptedTotal += 1 }
    for place in rows.indices.dropFirst() { rows[place].acceptedTotal += rows[place - 1].acceptedTotal }
  }

  private mutating func close(_ place: Int, _ times: inout VoteTimes) {
    rows[place].response = times.response.milliseconds
    rows[place].service = times.service.milliseconds
    rows[place].startLag = times.startLag.microseconds
    times.reset()
  }

  private mutating func addPolls(_ material: RunReport.Material) {
    for poll in material.consistency.polls.sorted(by: { $0.received < $1.received }) {
      let place = place(of: poll.received, material.origin)
      rows[place].visibleTotal = max(0, poll.visible)
      rows[place].freshness = max(rows[place].freshness ?? 0, poll.age?.upperBound.milliseconds ?? 0)
    }
    for place in rows.indices.dropFirst() where rows[place].visibleTotal == nil {
      rows[place].visibleTotal = rows[place - 1].visibleTotal
    }
  }

  // MARK: Pods

  private mutating func addPods(_ material: RunReport.Material) {
    guard !material.rollouts.isEmpty else { return }
    let lives = PodLife.all(material.rollouts)
    for place in rows.indices {
      let end = material.origin + .seconds((place + 1) * interval)
      var pods = Pods()
      for life in lives { life.state(at: end).map { pods.count($0) } }
      rows[place].pods = pods
    }
  }
}

/// What becomes of one pod over all changes of a run.
package struct PodLife: Sendable, Hashable {
  /// What a pod is doing.
  package enum State: Sendable, Hashable {
    /// Made, and not ready yet.
    case starting
    /// Ready, and not marked for its end.
    case ready
    /// Not ready any more after it was, and not marked.
    case unready
    /// Marked, and not gone yet.
    case terminating
  }

  /// Its name.
  package var name: String
  /// Its identity in the cluster.
  package var uid: String
  /// Image of its first container; empty when unknown.
  package var image: String
  /// Which pods are made alike: the same for all of one revision of the workload, as far as can be told.
  package var revision: String
  /// True for a pod that was there before the first change that saw it.
  package var isOld: Bool
  /// What it passed and when, the latest that it can have been.
  package var times: [PodMilestone: MonotonicTime]

  /// True for a pod of the same revision.
  func isAlike(_ other: PodLife) -> Bool { image == other.image && revision == other.revision }

  /// Every pod that any of the changes saw, in the order of being seen first.
  package static func all(_ rollouts: [RolloutRecord]) -> [PodLife] {
    var lives: [PodLife] = []
    var places: [String: Int] = [:]
    for rollout in rollouts {
      for pod in rollout.pods {
        let times = pod.times.mapValues(\.latest)
        if let place = places[pod.uid] {
          lives[place].times.merge(times) { first, _ in first }
        } else {
          places[pod.uid] = lives.count
          lives.append(
            PodLife(
              name: pod.name, uid: pod.uid, image: pod.image, revision: revision(of: pod, in: rollout),
              isOld: pod.isOld, times: times))
        }
      }
    }
    return lives
  }

  /// A Deployment's pods are named after their ReplicaSet; of a StatefulSet's, those that a change made are of the other
  /// revision than those that were there and those that its rollback made.
  private static func revision(of pod: RolloutRecord.Pod, in rollout: RolloutRecord) -> String {
    switch rollout.workload.kind {
    case .deployment: pod.name.lastIndex(of: "-").map { String(pod.name[..<$0]) } ?? ""
    case .statefulSet: pod.isOld || rollout.isRollback ? "old" : "new"
    }
  }

  /// What it was doing at a moment; nil before it was made and once it was gone.
  package func state(at moment: MonotonicTime) -> State? {
    func has(_ milestone: PodMilestone) -> Bool { times[milestone].map { $0 <= moment } ?? false }
    if has(.gone) || !(isOld || has(.created)) { return nil }
    if has(.marked) { return .terminating }
    if has(.unready) { return .unready }
    return isOld || has(.ready) || has(.endpointReady) ? .ready : .starting
  }
}

extension Timeline {
  /// The columns of timeline.csv, with their values row by row; nil for a cell without a value.
  package var columns: [(name: String, values: [Double?])] {
    func column(_ name: String, _ value: (Row) -> Double?) -> (name: String, values: [Double?]) {
      (name, rows.map(value))
    }
    func count(_ name: String, _ value: KeyPath<PhaseFigures.Votes, Int>) -> (name: String, values: [Double?]) {
      column(name) { Double($0.votes[keyPath: value]) }
    }
    return [
      column("start_s") { Double($0.start) }, count("due", \.due), count("sent", \.sent), count("accepted", \.accepted),
      count("refused", \.refused), count("indeterminate", \.indeterminate), count("dropped", \.dropped),
      count("failed", \.failed), column("p50_ms") { $0.response?.p50 }, column("p90_ms") { $0.response?.p90 },
      column("p99_ms") { $0.response?.p99 }, column("max_ms") { $0.response?.max },
      column("service_p50_ms") { $0.service?.p50 }, column("service_p99_ms") { $0.service?.p99 },
      column("start_lag_p99_us") { $0.startLag?.p99 }, column("start_lag_max_us") { $0.startLag?.max },
      column("accepted_total") { Double($0.acceptedTotal) },
      column("visible_total") { $0.visibleTotal.map(Double.init) }, column("freshness_ms") { $0.freshness },
      column("pods_starting") { ($0.pods?.starting).map(Double.init) },
      column("pods_ready") { ($0.pods?.ready).map(Double.init) },
      column("pods_terminating") { ($0.pods?.terminating).map(Double.init) },
      column("pods_unready") { ($0.pods?.unready).map(Double.init) },
    ]
  }

  /// The text of timeline.csv (RFC 4180, lines end as in Unix): a header, and a row an interval.
  package var csv: String {
    let columns = columns
    var text = (["\(columns[0].name)", "phase"] + columns.dropFirst().map(\.name)).joined(separator: ",") + "\n"
    for (place, row) in rows.enumerated() {
      let cells = columns.map { $0.values[place].map(Self.spelled) ?? "" }
      text += ([cells[0], row.phase?.rawValue ?? ""] + cells.dropFirst()).joined(separator: ",") + "\n"
    }
    return text
  }

  /// A number as files show it: whole ones without a point, others with three digits after it.
  package static func spelled(_ value: Double) -> String {
    value.rounded() == value && value.magnitude < 1e15 ? "\(Int(value))" : decimal(value, 3)
  }
}
