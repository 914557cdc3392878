extension Schedule {
  /// A span of a run at one arrival rate, or with a rate that rises or falls evenly from one to another.
  package struct Stage: Sendable, Hashable, CustomStringConvertible {
    /// How long it lasts; above 0.
    package let duration: Duration
    /// The rate at its beginning; may be `zero`.
    package let from: ArrivalRate
    /// The rate at its end; that of the beginning in a step.
    package let rate: ArrivalRate

    /// A step: the same rate for all of `duration`, which is above 0.
    package init(duration: Duration, rate: ArrivalRate) {
      self.init(duration: duration, from: rate, to: rate)
    }

    /// A linear ramp over `duration`, which is above 0.
    package init(duration: Duration, from: ArrivalRate, to rate: ArrivalRate) {
      precondition(duration.nanoseconds > 0, "a stage lasts")
      self.duration = duration
      self.from = from
      self.rate = rate
    }

    /// Reads stages: `30s@100,60s@100..500,10s@0`, each DURATION@RATE (a step) or DURATION@FROM..TO (a linear ramp).
    ///
    /// A ramp without FROM, `60s@..500`, goes on from where the stage before it ended (the first: from 0), as stages
    /// of k6 do. Nil when a stage is none of these, or when no vote is ever due.
    package static func list(_ text: String) -> [Stage]? {
      var stages: [Stage] = []
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        guard let stage = read(part, after: stages.last?.rate ?? .zero) else { return nil }
        stages.append(stage)
      }
      return StagePlan(stages) == nil ? nil : stages
    }

    private static func read(_ part: Substring, after last: ArrivalRate) -> Stage? {
      let halves = part.split(separator: "@", omittingEmptySubsequences: false)
      guard halves.count == 2, let duration = Duration(spelled: trimmed(halves[0])), duration > .zero else {
        return nil
      }
      guard let dots = halves[1].firstRange(of: "..") else {
        return rate(halves[1]).map { Stage(duration: duration, rate: $0) }
      }
      let start = trimmed(halves[1][..<dots.lowerBound])
      guard let from = start.isEmpty ? last : rate(start[...]), let to = rate(halves[1][dots.upperBound...]) else {
        return nil
      }
      return Stage(duration: duration, from: from, to: to)
    }

    private static func rate(_ text: Substring) -> ArrivalRate? {
      let spelled = trimmed(text)
      return spelled == "0" ? .zero : ArrivalRate(spelled)
    }

    private static func trimmed(_ text: Substring) -> String {
      let fromLeft = text.drop { $0 == " " }
      return String(fromLeft.reversed().drop { $0 == " " }.reversed())
    }

    /// For people: `30s@100/s`, `60s@100/s..500/s`.
    package var description: String {
      let rates = from == rate ? "\(rate)" : "\(from)..\(rate)"
      let milliseconds = duration.nanoseconds / 1_000_000
      return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s@\(rates)" : "\(milliseconds)ms@\(rates)"
    }
  }
}
