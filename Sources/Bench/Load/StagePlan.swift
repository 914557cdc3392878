/// Due moments of steps and linear ramps, in closed form and in integers alone.
///
/// Votes are counted in exact fractions: with `unit` the least common multiple of the rates' periods, a rate is a whole
/// number of votes per `unit` nanoseconds, and the votes of a stage of T nanoseconds from rate a to rate b are
/// (a + b) T / (2 unit). Vote k is due when the votes so far have come to k: in a step that is a division, in a ramp the
/// root of (b - a) t^2 + 2 a T t = q T, where q is what vote k wants of the stage, in 1 / (2 unit) of a vote. All is
/// rounded down to the nanosecond from the exact moment, never from another vote's: nothing adds up.
///
/// After the last stage its rate holds for ever.
struct StagePlan: Sendable, Hashable {
  /// One stage, laid out; all times in nanoseconds.
  struct Piece: Sendable, Hashable {
    /// Offset of its beginning.
    let begin: Int64
    /// How long it lasts; `Int64.max` for the last.
    let length: Int64
    /// Votes per `unit` at its beginning.
    let rate: Int64
    /// By how much that grows until its end; 0 in a step.
    let rise: Int64
    /// Whole votes before it.
    let votesBefore: Int
    /// The fraction of a vote before it, in 1 / (2 unit).
    let carried: Int64
    /// The first vote due in it or later.
    var first: Int { votesBefore + (carried > 0 ? 1 : 0) }
    /// One more than the last vote due in it.
    fileprivate(set) var end = Int.max
  }

  /// Nanoseconds in which `Piece.rate` votes are due.
  let unit: Int64
  /// In order, without gaps; at least one.
  private(set) var pieces: [Piece] = []

  /// One rate for ever.
  init(_ rate: ArrivalRate) {
    unit = Self.period(rate)
    append(begin: 0, length: .max, from: rate, to: rate, votes: 0)
  }

  /// Stages one after the other; nil without one, when no vote is ever due, when they last longer than 31 years, or
  /// when a ramp has more decimals than its votes can be counted with in 64 bits.
  init?(_ stages: [Schedule.Stage]) {
    guard let last = stages.last, stages.contains(where: { $0.from.votes > 0 || $0.rate.votes > 0 }) else { return nil }
    unit = stages.reduce(1) { Self.leastCommonMultiple(Self.leastCommonMultiple($0, $1.from), $1.rate) }
    var (begin, votes) = (Int64(0), Int128(0))
    for stage in stages {
      let length = stage.duration.nanoseconds
      let steepest = max(votesPerUnit(stage.from), votesPerUnit(stage.rate))
      let isCountable = stage.from == stage.rate || Int128(steepest) * Int128(length) < 1 << 62
      guard length < 1_000_000_000_000_000_000 - begin, isCountable else { return nil }
      append(begin: begin, length: length, from: stage.from, to: stage.rate, votes: votes)
      votes += (Int128(votesPerUnit(stage.from)) + Int128(votesPerUnit(stage.rate))) * Int128(length)
      begin += length
    }
    append(begin: begin, length: .max, from: last.rate, to: last.rate, votes: votes)
  }

  /// When all stages are over, after the beginning.
  var length: Duration { .nanoseconds(pieces.last?.begin ?? 0) }

  /// The number of the piece in which vote `index` is due; nil when it never is.
  func pieceNumber(of index: Int) -> Int? {
    pieces.firstIndex { index < $0.end && index >= $0.first }
  }

  /// When vote `index` of piece `number` is due, in nanoseconds from the beginning of the first.
  func offset(of index: Int, in piece: Piece) -> Int64 {
    if piece.rise == 0 { return piece.begin + Int64(share(of: index, in: piece) / (2 * Int128(piece.rate))) }
    let start = Int128(piece.rate) * Int128(piece.length)
    let square = start * start + Int128(piece.rise) * Int128(piece.length) * share(of: index, in: piece)
    let root = Int128(integerRoot(UInt128(square)))
    if piece.rise > 0 { return piece.begin + Int64((root - start) / Int128(piece.rise)) }
    let ceiling = root * root == square ? root : root + 1
    return piece.begin + Int64((start - ceiling) / -Int128(piece.rise))
  }

  /// What vote `index` wants of its piece, in 1 / (2 unit) of a vote.
  func share(of index: Int, in piece: Piece) -> Int128 {
    2 * Int128(unit) * Int128(index - piece.votesBefore) - Int128(piece.carried)
  }

  /// How many votes are due before `offset`, which is above 0.
  func votesDue(before offset: Int64) -> Int {
    guard let piece = pieces.last(where: { $0.begin < offset }) else { return 0 }
    let time = Int128(offset - piece.begin)
    var votes = Int128(piece.carried) + 2 * Int128(piece.rate) * time
    var whole = 2 * Int128(unit)
    if piece.rise != 0 {
      votes = votes * Int128(piece.length) + Int128(piece.rise) * time * time
      whole *= Int128(piece.length)
    }
    return piece.votesBefore + Int((votes + whole - 1) / whole)
  }

  /// Votes per second at `offset`.
  func ratePerSecond(at offset: Int64) -> Double {
    guard let piece = pieces.last(where: { $0.begin <= max(0, offset) }) else { return 0 }
    let done = Double(max(0, offset) - piece.begin) / Double(piece.length)
    return (Double(piece.rate) + Double(piece.rise) * done) * 1e9 / Double(unit)
  }

  /// The lowest rate from `begin` to `end`: at one of them, or where a stage begins or ends between them.
  func lowestRatePerSecond(from begin: Int64, to end: Int64) -> Double {
    turningRates(from: begin, to: end).reduce(.infinity, min)
  }

  /// The highest rate, likewise.
  func highestRatePerSecond(from begin: Int64, to end: Int64) -> Double {
    turningRates(from: begin, to: end).reduce(0, max)
  }

  /// Among these are the lowest and the highest rate.
  private func turningRates(from begin: Int64, to end: Int64) -> [Double] {
    let inside = pieces.filter { begin < $0.begin && $0.begin < end }
    let edges = inside.flatMap { [ratePerSecond(at: $0.begin), ratePerSecond(at: $0.begin - 1)] }
    return [ratePerSecond(at: begin)] + edges + [ratePerSecond(at: max(begin, end - 1))]
  }

  // MARK: Laying out

  private mutating func append(begin: Int64, length: Int64, from: ArrivalRate, to: ArrivalRate, votes: Int128) {
    let (whole, rest) = votes.quotientAndRemainder(dividingBy: 2 * Int128(unit))
    var piece = Piece(
      begin: begin, length: length, rate: votesPerUnit(from), rise: votesPerUnit(to) - votesPerUnit(from),
      votesBefore: Int(whole), carried: Int64(rest))
    if let last = pieces.indices.last { pieces[last].end = piece.first }
    if length == .max, from.votes == 0 { piece.end = piece.first }
    pieces.append(piece)
  }

  private func votesPerUnit(_ rate: ArrivalRate) -> Int64 {
    rate.votes == 0
      ? 0 : unit / Self.period(rate) * (rate.votes / greatestCommonDivisor(rate.votes, rate.periodNanoseconds))
  }

  /// The period of a rate in lowest terms.
  private static func period(_ rate: ArrivalRate) -> Int64 {
    rate.periodNanoseconds / greatestCommonDivisor(rate.votes, rate.periodNanoseconds)
  }

  /// At most 3.6 x 10^18, which all periods divide: 10^6 parts of hours, minutes and seconds.
  private static func leastCommonMultiple(_ unit: Int64, _ rate: ArrivalRate) -> Int64 {
    guard rate.votes > 0 else { return unit }
    return unit / greatestCommonDivisor(unit, period(rate)) * period(rate)
  }
}

/// The largest number whose square is at most `square`, which is below 2^126: Newton's method from above.
func integerRoot(_ square: UInt128) -> UInt64 {
  guard square > 0 else { return 0 }
  var root = UInt64(1) << UInt64((129 - square.leadingZeroBitCount) / 2)
  while true {
    let high = UInt64(truncatingIfNeeded: square >> 64)
    let next = (root + root.dividingFullWidth((high, UInt64(truncatingIfNeeded: square))).quotient) / 2
    if next >= root { return root }
    root = next
  }
}
