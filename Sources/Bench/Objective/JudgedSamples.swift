/// Objectives on what the system does in the long run, judged from the run as a sample.
///
/// A pass needs an upper bound below the limit, a fail a lower bound above it; between the two nobody can say. Failures
/// and slow votes come in bursts, so that votes count for as many independent ones as say the same. Source: SLO
/// statistics, sections 2 to 4.
extension Objective {
  func sample(_ stream: Stream, _ limit: Double, _ detection: Detection) -> Result {
    switch metric {
    case .time(_, .mean): sampleOfMeans(stream.slice, limit)
    case .time(_, let statistic): sampleOfTimes(stream.slice, statistic, limit)
    default: sampleOfFailures(stream, limit, detection)
    }
  }

  // MARK: Shares

  private func sampleOfFailures(_ stream: Stream, _ limit: Double, _ detection: Detection) -> Result {
    let slice = stream.slice
    guard slice.votes > 0 else {
      return result(.inconclusive, "no vote was due", remedy: "a longer phase, or a higher rate", evidence: .sample)
    }
    if slice.unsent > 0 || slice.besideControl > 0 {
      // What fails however all of these came out fails.
      let best = sampleOfFailures(Stream(name: stream.name, slice: slice.best, arrivals: nil), limit, detection)
      if best.verdict == .fail { return best }
      return result(
        .inconclusive,
        slice.unsent > 0
          ? "\(slice.unsent) votes were not sent in time by the generator itself"
          : "\(slice.besideControl) votes failed while the control target did",
        observed: Self.percent(Double(slice.ofKind) / Double(slice.votes)), sample: slice.votes,
        remedy: "run again on a machine, and a way there, that are sound", evidence: .sample)
    }
    let judged = judged(
      ShareSample(slice.seconds.map(\.block), from: 1), limit, slice,
      "\(slice.ofKind) of \(slice.votes) votes failed",
      observed: Self.percent(Double(slice.ofKind) / Double(slice.votes))
    ) { Self.percent($0) }
    // Without a failure nothing shows whether they come in bursts: then it must have been able to see one.
    guard slice.failed == 0, judged.verdict == .pass, let blind = blindness(stream, detection) else { return judged }
    return result(
      .inconclusive, blind.why, observed: judged.observed, low: judged.low, high: judged.high, sample: judged.sample,
      remedy: blind.remedy, evidence: .sample, basis: judged.basis)
  }

  private func sampleOfTimes(_ slice: VoteSlice, _ statistic: Statistic, _ limit: Double) -> Result {
    guard case .percentile(let percentile) = statistic else { return result(.inconclusive, "a maximum has no sample") }
    let figures = TimeFigures(slice, statistic)
    let shown = figures.value.map(Self.time)
    func undecided(_ reason: (why: String, remedy: String)) -> Result {
      result(
        .inconclusive, reason.why, observed: shown, low: figures.bounds?.low, high: figures.bounds?.high,
        sample: figures.attempts, remedy: reason.remedy,
        evidence: .sample)
    }
    if figures.attempts == 0 { return undecided(("no vote was due", "a longer phase, or a higher rate")) }
    if let missing = missing(statistic, figures, slice) { return undecided(missing) }
    if slice.besideControl > 0 {
      let best = sampleOfTimes(slice.best, statistic, limit)
      if best.verdict == .fail { return best }
      return undecided(
        ("\(slice.besideControl) votes failed while the control target did", "run again when the way there is sound"))
    }
    let blocks = slice.seconds.map { second in
      let slow = second.isLate ? 0 : second.times.count { !isMet(Double($0) * 1000, limit: limit) }
      return ClusteredRate.Block(
        failures: Double(second.endless + slow), attempts: Double(second.timed))
    }
    let beyond = figures.beyond(limit, comparison)
    var judged = judged(
      ShareSample(blocks, from: 5), TimeFigures.rest(percentile), slice,
      "\(beyond) of \(figures.attempts) votes were slower than \(Self.time(limit)) or failed", observed: shown
    ) { _ in nil }
    (judged.low, judged.high) = (figures.bounds?.low, figures.bounds?.high)
    return judged
  }

  private func judged(
    _ sample: ShareSample, _ limit: Double, _ slice: VoteSlice, _ count: String, observed: String?,
    _ text: (Double) -> String?
  ) -> Result {
    let rate = sample.rate.effective
    let basis = Result.Basis(
      bad: Int(sample.rate.rate.failures), designEffect: sample.rate.designEffect, blocks: sample.rate.blocks.count,
      blockSeconds: sample.blockSeconds, alpha: Self.alpha, probability: rate.tailAbove(limit))
    func verdict(_ verdict: Verdict, _ reason: String, _ remedy: String? = nil) -> Result {
      result(
        verdict, reason, observed: observed, low: text(rate.lower(alpha: Self.alpha)),
        high: text(rate.upper(alpha: Self.alpha)), sample: Int(sample.rate.rate.attempts), remedy: remedy,
        evidence: .sample, basis: basis)
    }
    let bursts =
      sample.rate.designEffect > 1.5
      ? ", in bursts: as \(decimal(rate.failures, 1)) of \(decimal(rate.attempts, 0)) that come alone" : ""
    if sample.isTooFew {
      return verdict(
        .inconclusive,
        "TOO_FEW_BLOCKS: \(count)\(bursts), and "
          + (sample.isShort
            ? "the phase is too short for six blocks of \(sample.blockSeconds) s"
            : "neighbouring seconds are too much alike"),
        "a phase of at least \(sample.secondsNeeded) s")
    }
    switch rate.verdict(atMost: limit, alpha: Self.alpha) {
    case .pass:
      // Without a failure nothing shows whether they come in bursts.
      let alone =
        rate.failures > 0
        ? "" : ", taken as independent: bursts rarer than one in \(slice.seconds.count) s are not excluded"
      return verdict(.pass, "\(count)\(bursts): surely at most \(Self.percent(limit)) (95 %)\(alone)")
    case .fail: return verdict(.fail, "\(count)\(bursts): surely more than \(Self.percent(limit)) (95 %)")
    case .inconclusive:
      let factor = sample.rate.effective.factorNeeded(atMost: limit, alpha: Self.alpha)
      return verdict(
        .inconclusive, "\(count)\(bursts): that is neither surely at most \(Self.percent(limit)) nor surely more",
        factor.map { longer($0, slice) } ?? "nothing soon: it is as near to the limit as can be")
    }
  }

  // MARK: Means

  /// By the means of blocks, which are nearly independent and nearly normal; the mean of accepted votes.
  private func sampleOfMeans(_ slice: VoteSlice, _ limit: Double) -> Result {
    let figures = TimeFigures(slice, .mean)
    func verdict(
      _ verdict: Verdict, _ reason: String, _ remedy: String? = nil, _ bounds: ClosedRange<Double>? = nil,
      _ basis: Result.Basis? = nil
    ) -> Result {
      result(
        verdict, reason, observed: figures.value.map(Self.time), low: bounds.map { Self.time($0.lowerBound) },
        high: bounds.map { Self.time($0.upperBound) }, sample: figures.attempts, remedy: remedy, evidence: .sample,
        basis: basis)
    }
    guard let mean = figures.value else {
      return verdict(.inconclusive, "no vote was due", "a longer phase, or a higher rate")
    }
    guard mean.isFinite else {
      return slice.endless == slice.besideControl
        ? verdict(.inconclusive, "votes failed while the control target did", "run again when the way there is sound")
        : verdict(.fail, "\(slice.endless) of \(figures.attempts) votes failed, and have no time: there is no mean")
    }
    guard
      let blocks = TimeBlocks.independent(
        from: 5, of: slice.seconds.count, least: 6,
        value: { length in
          slice.blocks(of: length).compactMap { TimeFigures($0, .mean).value }
        })
    else {
      return verdict(
        .inconclusive, "TOO_FEW_BLOCKS: a mean needs six blocks that differ",
        "a phase of \(TimeBlocks.secondsNeeded(from: 5, of: slice.seconds.count)) s or more")
    }
    let (count, values) = (Double(blocks.values.count), blocks.values)
    let centre = values.reduce(0, +) / count
    let spread = (values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / (count - 1) / count).squareRoot()
    let half = spread * Quantiles.student(1 - Self.alpha, degrees: count - 1)
    let bounds = (mean - half)...(mean + half)
    let basis = Result.Basis(
      bad: 0, blocks: values.count, blockSeconds: blocks.length, alpha: Self.alpha,
      probability: Quantiles.studentTail((mean - limit) / max(spread, 1e-9), degrees: count - 1))
    let text = "\(Self.time(mean)), of \(values.count) blocks of \(blocks.length) s"
    if isMet(bounds.upperBound, limit: limit) { return verdict(.pass, text, nil, bounds, basis) }
    if bounds.lowerBound > limit || half == 0 { return verdict(.fail, text, nil, bounds, basis) }
    let factor = half / max(abs(mean - limit), half / 100)
    return verdict(
      .inconclusive, text + ": the limit lies within its bounds", Self.longer(factor * factor, slice), bounds, basis)
  }
}

/// Failures of a share by blocks of time, long enough for neighbours to differ.
struct ShareSample {
  let rate: ClusteredRate
  /// How long a block is.
  let blockSeconds: Int
  /// True where neighbours are alike and longer blocks would be fewer than six.
  let isTooFew: Bool
  /// True where it is so for want of time: there are not even six of the shortest blocks.
  let isShort: Bool
  /// How long a phase would have six blocks of the length that was tried last.
  let secondsNeeded: Int

  init(_ seconds: [ClusteredRate.Block], from first: Int) {
    func grouped(_ length: Int) -> [ClusteredRate.Block] {
      let count = max(1, seconds.count / length)
      return (0..<count).map { number in
        let part = seconds[number * length..<(number == count - 1 ? seconds.count : (number + 1) * length)]
        return ClusteredRate.Block(
          failures: part.reduce(0) { $0 + $1.failures }, attempts: part.reduce(0) { $0 + $1.attempts })
      }
    }
    let found = TimeBlocks.independent(from: first, of: seconds.count, least: 6) { length in
      grouped(length).map { $0.attempts > 0 ? $0.failures / $0.attempts : 0 }
    }
    blockSeconds = found?.length ?? first
    rate = ClusteredRate(grouped(blockSeconds))
    isTooFew = found == nil
    isShort = seconds.count / first < 6
    secondsNeeded = TimeBlocks.secondsNeeded(from: first, of: seconds.count)
  }
}

/// Values of blocks of time.
struct TimeBlocks {
  /// How long a block is, in seconds.
  let length: Int
  /// The value of each block.
  let values: [Double]

  /// How long a phase would have six blocks of the length that was tried last, in seconds.
  static func secondsNeeded(from first: Int, of seconds: Int) -> Int {
    var length = first
    while seconds / length >= 6 { length *= 2 }
    return 6 * length
  }

  /// Blocks of `first` seconds or, as long as neighbours are alike, of twice the length and so on; nil where that leaves
  /// fewer than `least`.
  ///
  /// Source: SLO statistics, section 4.2.
  static func independent(
    from first: Int, of seconds: Int, least: Int, value: (Int) -> [Double]
  ) -> TimeBlocks? {
    var length = first
    while seconds / length >= least {
      let values = value(length)
      guard values.count >= least else { return nil }
      if Autocorrelation.lagOne(values) <= 0.2 { return TimeBlocks(length: length, values: values) }
      length *= 2
    }
    return nil
  }
}

extension FailureRate {
  /// How many times as many attempts with the same share of failures would decide; nil where ten thousand would not.
  func factorNeeded(atMost limit: Double, alpha: Double) -> Double? {
    func isDecided(_ factor: Double) -> Bool {
      FailureRate(failures: failures * factor, attempts: attempts * factor).verdict(atMost: limit, alpha: alpha)
        != .inconclusive
    }
    guard var high = (0...14).map({ Double(1 << $0) }).first(where: isDecided), high <= 1e4 else { return nil }
    var low = high / 2
    for _ in 0..<20 {
      let middle = (low + high) / 2
      if isDecided(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
