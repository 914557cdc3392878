/// The phases of a run that has not begun: how long each lasts, and how many votes fall due in it.
///
/// `RunMachine` itself is walked through twice, with changes that take no time and with changes that take all that they
/// may: what the plan says cannot differ from what the run does.
package struct PhasePlan: Sendable, Hashable {
  /// A phase, or all of them together.
  package struct Part: Sendable, Hashable {
    /// From changes that take no time to changes that take all that they may.
    package var length: ClosedRange<Duration>
    /// Votes due in it, likewise; in the Poisson model their mean, in the closed one nil.
    package var votes: ClosedRange<Int>?
  }

  /// The phases in their order, without the drain.
  package let phases: [Phase]
  /// What each of them is.
  package let parts: [Phase: Part]
  /// All of them together.
  package let total: Part

  /// How many votes of `schedule` a part of the run can have at most; nil in the closed model.
  package func mostVotes(_ part: Objective.Part, of schedule: Schedule) -> Int? {
    let counts = phases.filter(part.contains).map { phase in
      let seconds = parts[phase]?.length.upperBound.seconds ?? 0
      // With stages a change that takes half of its time may end in the midst of the highest.
      return rates(Objective.Part(rawValue: phase.rawValue) ?? part, of: schedule).map { rates in
        Int((rates.upperBound * seconds).rounded(.up))
      }
    }
    // A phase may end between two votes, and random arrivals are more than their mean now and then.
    return counts.reduce(Int?.some(0)) { sum, count in sum.flatMap { sum in count.map { sum + $0 + $0 / 10 + 1 } } }
  }

  /// The lowest and the highest rate of a part of the run in votes per second, however long its changes take; nil in the
  /// closed model, and for a part that it does not have.
  package func rates(_ part: Objective.Part, of schedule: Schedule) -> ClosedRange<Double>? {
    var (earliest, latest) = (Duration.zero, Duration.zero)
    var rates: [Double] = []
    for phase in phases {
      let begin = earliest.nanoseconds
      earliest += parts[phase]?.length.lowerBound ?? .zero
      latest += parts[phase]?.length.upperBound ?? .zero
      guard part.contains(phase) else { continue }
      rates += [
        schedule.lowestRatePerSecond(from: begin, to: latest.nanoseconds),
        schedule.highestRatePerSecond(from: begin, to: latest.nanoseconds),
      ].compactMap(\.self)
    }
    guard let least = rates.min(), let most = rates.max() else { return nil }
    return least...most
  }

  /// The phases of a run with this profile.
  package init(_ profile: RunProfile) {
    let least = Self.walk(profile, changesTake: .zero)
    let most = Self.walk(profile, changesTake: profile.rollout?.timeout ?? .zero)
    phases = least.map(\.phase)
    let pairs = zip(least, most).map { short, long in
      (short.phase, Part(profile.schedule, short.start..<short.end, long.start..<long.end))
    }
    parts = Dictionary(pairs) { first, _ in first }
    total = Part(profile.schedule, .zero..<(least.last?.end ?? .zero), .zero..<(most.last?.end ?? .zero))
  }

  private typealias Span = (phase: Phase, start: Duration, end: Duration)

  private static func walk(_ profile: RunProfile, changesTake time: Duration) -> [Span] {
    var machine = RunMachine(plan: RunMachine.Plan(profile))
    let origin = MonotonicTime(nanoseconds: 0)
    var (now, changesUntil) = (origin, MonotonicTime?.none)
    var spans: [Span] = []
    var event = RunMachine.Event.tick
    while machine.phase != .drain {
      for action in machine.handle(event, now: now) {
        switch action {
        case .begin(let phase): spans.append((phase, now - origin, now - origin))
        case .startRollout, .startRollback: changesUntil = now + time
        default: break
        }
      }
      event = changesUntil == nil ? .tick : .changeEnded(.complete)
      guard let next = changesUntil ?? machine.deadline else { break }
      (now, changesUntil) = (next, nil)
      if let last = spans.indices.last { spans[last].end = now - origin }
    }
    return spans.filter { $0.phase != .drain }
  }
}

extension PhasePlan.Part {
  fileprivate init(_ schedule: Schedule, _ short: Range<Duration>, _ long: Range<Duration>) {
    length = (short.upperBound - short.lowerBound)...(long.upperBound - long.lowerBound)
    let counts = [short, long].compactMap { span in schedule.votes(due: span) }
    // After stages that fall, a later phase has fewer votes.
    votes = counts.count == 2 ? (counts.min() ?? 0)...(counts.max() ?? 0) : nil
  }
}

extension Schedule {
  /// Votes due in a span of the run; of Poisson arrivals the mean of it, in the closed model nil.
  fileprivate func votes(due span: Range<Duration>) -> Int? {
    let (start, end) = (span.lowerBound.nanoseconds, span.upperBound.nanoseconds)
    if let before = votesDue(before: start), let until = votesDue(before: end) { return until - before }
    return ratePerSecond(at: 0).map { Int(($0 * Double(end - start) / 1e9).rounded()) }
  }
}
