/// Reading of the settings of the load: when votes are due, and for how long.
extension SettingsReader {
  private static let models: [Settings.Key] = [.rate, .stages, .closed]

  /// The schedule with the phases whose length it decides.
  ///
  /// Stages are a whole run: without a rollout it lasts as long as they do, and there is no warmup but one that is
  /// asked for, which runs at the rate with which they begin. During a rollout the last rate holds until the end.
  mutating func load(seed: UInt64, duringRollout: Bool) -> (schedule: Schedule, warmup: Duration, baseline: Duration) {
    let given = Self.models.filter(has)
    refuse(Array(given.dropFirst()), "give one of --rate, --stages and --closed")
    if given.first != nil, given.first != .rate { refuse([.arrival], "needs --rate") }
    let stages = given.first == .stages ? stages(duringRollout: duringRollout) : nil
    let warmup = duration(.warmup, default: given.first == .stages ? .zero : .seconds(10), mayBeZero: true)
    let baseline = baseline(duringRollout: duringRollout, stages: stages)
    if let stages {
      return (Schedule(.stages(Self.led(by: warmup, stages))), warmup, baseline)
    }
    if given.first == .closed {
      return (Schedule(.closed(users: integer(.closed, default: 1, in: 1...16_384))), warmup, baseline)
    }
    return (evenOrRandom(seed: seed), warmup, baseline)
  }

  /// Who votes more than once.
  mutating func electorate(_ schedule: Schedule) -> Electorate {
    if has(.revote) { refuse([.votesPerVoter], "stands against --revote: give one of them") }
    let revotes = share(.revote, upTo: 90)
    let turns = integer(.votesPerVoter, default: 1, in: 1...100)
    return Electorate(turns: revotes > 0 ? 1 : turns, revoteShare: revotes, gap: Electorate.gap(for: schedule))
  }

  private mutating func evenOrRandom(seed: UInt64) -> Schedule {
    let rate = value(
      .rate, default: ArrivalRate(votesPerSecond: 100),
      expected: "a rate above 0 and up to 1000000/s, such as 500, 0.5 or 30/m"
    ) { ArrivalRate($0) }
    let isRandom = value(.arrival, default: false, expected: "constant or poisson") {
      ["constant": false, "poisson": true][$0]
    }
    return Schedule(isRandom ? .poisson(rate, seed: seed) : .constant(rate))
  }

  private mutating func stages(duringRollout: Bool) -> [Schedule.Stage]? {
    let stages = optional(
      .stages,
      expected: "stages DURATION@RATE or DURATION@FROM..TO with a vote in one of them, such as "
        + "30s@100,1m@100..500,5m@500", Schedule.Stage.list)
    if duringRollout, stages?.last?.rate == .zero {
      refuse([.stages], "end at 0, which would hold during the rollout: add a stage with votes")
    }
    return stages
  }

  private static func led(by warmup: Duration, _ stages: [Schedule.Stage]) -> [Schedule.Stage] {
    guard warmup > .zero, let first = stages.first else { return stages }
    return [Schedule.Stage(duration: warmup, rate: first.from)] + stages
  }

  private mutating func baseline(duringRollout: Bool, stages: [Schedule.Stage]?) -> Duration {
    if duringRollout {
      refuse(
        [.duration], "a run with --during-rollout lasts as long as its phases: set --baseline, --settle or --recovered")
      return duration(.baseline, default: .seconds(30))
    }
    refuse([.baseline], "needs --during-rollout; without it --duration is the length of the run")
    guard has(.stages) else { return duration(.duration, default: .seconds(30)) }
    refuse([.duration], "the stages say how long the run is: leave it out")
    return stages?.reduce(.zero) { $0 + $1.duration } ?? .seconds(30)
  }
}
