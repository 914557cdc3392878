/// What a run would do, for a person who wants to know before it does: nothing in it has happened.
package struct DryRunText: Sendable {
  /// A command that changes the cluster.
  package struct Command: Sendable, Hashable {
    /// When: `before` the load, in the phase `rollout` or `rollback`, or `at end`.
    package enum Moment: String, Sendable, Hashable {
      /// Before the load.
      case before
      /// In the phase `rollout`, which ends when it is complete.
      case rollout
      /// In the phase `rollback`, likewise.
      case rollback
      /// While the tally converges; not measured.
      case atEnd = "at end"
    }

    /// When it is run.
    package var moment: Moment
    /// The command line; or, in a sentence, what takes its place.
    package var line: String

    /// A command; see the members.
    package init(_ moment: Moment, _ line: String) {
      self.moment = moment
      self.line = line
    }
  }

  private let profile: RunProfile
  private let cluster: [String]
  private let commands: [Command]
  private let watches: [String]
  private let report: [String]

  /// A dry run of `profile`.
  ///
  /// `cluster` names the cluster, `commands` stand in the order of being run, `watches` says what is watched, `report`
  /// the folder and the files that are written; each is empty where there is none.
  package init(
    _ profile: RunProfile, cluster: [String], commands: [Command], watches: [String], report: [String]
  ) {
    self.profile = profile
    self.cluster = cluster
    self.commands = commands
    self.watches = watches
    self.report = report
  }

  /// The text, with a line break at its end.
  package var text: String {
    let plan = PhasePlan(profile)
    let sections: [(name: String, lines: [String])] = [
      ("target", [target]), ("cluster", cluster), ("load", [load, sending]), ("phases", phases(plan)),
      ("tally", [tally(plan)]), ("commands", commands.map { Self.column($0.moment.rawValue) + $0.line }),
      ("watches", watches), ("objectives", objectives(plan)),
      ("visible", [visibility(plan)]), ("budget", [profile.errorBudget.description]), ("report", report),
      ("dry run", ["nothing was changed: no vote was sent, and none of these commands was run"]),
    ]
    return sections.flatMap { section in
      section.lines.enumerated().map { Self.column($0 == 0 ? section.name : "") + $1 + "\n" }
    }.joined()
  }

  /// Each objective with what the run can say of it.
  private func objectives(_ plan: PhasePlan) -> [String] {
    if profile.objectives.isEmpty {
      return ["none: only a proven inconsistency, or a rollout that does not complete, fails the run"]
    }
    let width = profile.objectives.map(\.expression.count).max() ?? 0
    return profile.objectives.map { objective in
      let prospect = Prospect(objective, profile, plan)
      let answer =
        switch prospect.answer {
        case .can: "can be decided"
        case .depends: "may be decided"
        case .cannot: "CANNOT be decided"
        }
      return Self.column(objective.expression, width + 2) + answer
        + (prospect.reason.isEmpty ? "" : ": \(prospect.reason)")
    }
  }

  private func visibility(_ plan: PhasePlan) -> String {
    let part: Objective.Part = profile.rollout == nil ? .total : .change
    return Visibility(plan.arrivals(part, of: profile.schedule), part: part, share: profile.detection.share).sentence
  }

  private var target: String {
    let place =
      switch profile.target {
      case .sandbox: "sandbox, started for the run and gone afterwards"
      case .url(let url): url
      }
    return
      "\(place): votes to \(profile.votePath), the tally from \(profile.tallySources.map(\.name).joined(separator: ", "))"
  }

  // MARK: Load

  private var load: String {
    switch profile.schedule.arrivals {
    case .constant(let rate): "\(rate) votes due, evenly spaced"
    case .poisson(let rate, let seed): "\(rate) votes due in the mean, at random (Poisson, seed \(seed))"
    case .stages(let stages): stages.map(\.description).joined(separator: ",") + " votes due; the last rate holds"
    case .closed(let users): "closed loop: \(users) users, each votes again when the vote before has ended"
    }
  }

  private var sending: String {
    "\(profile.connections) connections of HTTP/\(profile.http.rawValue), \(profile.threads) "
      + (profile.threads == 1 ? "thread" : "threads")
      + "; a vote may wait \(Self.seconds(profile.timeout)) and take as long again"
  }

  private func phases(_ plan: PhasePlan) -> [String] {
    var rows = plan.phases.map { phase in
      let part = plan.parts[phase] ?? plan.total
      return (phase.rawValue, Self.length(part), votes(part.votes) + (phase.isCounted ? "" : ", not counted"))
    }
    rows.append((Phase.drain.rawValue, "at most \(Self.seconds(profile.drainMaximum))", "none; the tally converges"))
    rows.append(("in all", Self.length(plan.total), votes(plan.total.votes) + " before the drain"))
    let width = (rows.map(\.1.count).max() ?? 0) + 2
    return rows.map { Self.column($0.0) + Self.column($0.1, width) + $0.2 }
  }

  private func votes(_ votes: ClosedRange<Int>?) -> String {
    guard let votes else { return "as many votes as are answered" }
    let about = profile.schedule.isRandom ? "about " : ""
    return about + Self.range("\(votes.lowerBound)", "\(votes.upperBound)") + " votes"
  }

  private func tally(_ plan: PhasePlan) -> String {
    let every = Double(profile.pollInterval.nanoseconds)
    let (least, most) = (plan.total.length.lowerBound, plan.total.length.upperBound)
    let polls = [least, most].map { "\(Int(Double($0.nanoseconds) / every))" }
    return
      "a poll every \(Self.seconds(profile.pollInterval)): \(Self.range(polls[0], polls[1])), and on until the drain is over"
  }

  // MARK: Columns

  private static func column(_ text: String, _ width: Int = 11) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private static func length(_ part: PhasePlan.Part) -> String {
    range(seconds(part.length.lowerBound), seconds(part.length.upperBound))
  }

  private static func range(_ least: String, _ most: String) -> String {
    least == most ? least : "\(least) to \(most)"
  }

  private static func seconds(_ duration: Duration) -> String {
    let milliseconds = duration.nanoseconds / 1_000_000
    let places = milliseconds % 1000 == 0 ? 0 : milliseconds % 100 == 0 ? 1 : milliseconds % 10 == 0 ? 2 : 3
    return decimal(duration.seconds, places) + " s"
  }
}
