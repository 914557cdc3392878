extension Schedule {
  /// A vote and its due moment, from which one goes on to the votes after it.
  ///
  /// Exact: the moments are those of `Schedule.intendedStart`. Cheap: to the next vote of an even stretch it takes a
  /// few additions, in a ramp one root; nothing is allocated.
  package struct Cursor: Sendable {
    /// What the due moment of a vote that is never due is.
    package static let never = Int64.max

    private enum Course: UInt8 {
      /// Evenly spaced: each moment is the one before and a constant fraction.
      case even
      /// A formula for each.
      case ramp
      case poisson
      /// Closed, or no votes any more: `offset` stays as it is.
      case fixed
    }

    /// The vote.
    package private(set) var index: Int
    /// When it is due, in nanoseconds after the beginning; `never` when it is not, 0 in the closed model.
    package private(set) var offset: Int64

    private var course = Course.fixed
    /// One more than the last vote of this course.
    private var courseEnd = Int.max
    /// In an even stretch: what was rounded off `offset`, over `denominator`, and by what both grow a vote.
    private var remainder: Int64 = 0
    private var denominator: Int64 = 1
    private var wholeGap: Int64 = 0
    private var fractionalGap: Int64 = 0
    private var pieceNumber = 0
    private let plan: StagePlan?
    private var gaps: PoissonGaps?

    /// A walk over stages, or over nothing (closed).
    init(_ plan: StagePlan?, at index: Int) {
      self.index = index
      self.plan = plan
      offset = 0
      seek()
    }

    /// A walk over independent arrivals.
    init(_ gaps: PoissonGaps, at index: Int) {
      self.index = -1
      self.gaps = gaps
      plan = nil
      offset = 0
      course = .poisson
      advance(by: index + 1)
    }

    /// Goes on by `count` votes, at least 1.
    package mutating func advance(by count: Int = 1) {
      switch course {
      case .even: advanceEvenly(by: count)
      case .ramp:
        index += count
        if index < courseEnd, let plan {
          offset = plan.offset(of: index, in: plan.pieces[pieceNumber])
        } else {
          seek()
        }
      case .poisson: advanceByGaps(count)
      case .fixed: index += count
      }
    }

    private mutating func advanceEvenly(by count: Int) {
      index += count
      guard index < courseEnd, count <= 16 else { return seek() }
      for _ in 0..<count {
        offset += wholeGap
        remainder += fractionalGap
        if remainder >= denominator {
          remainder -= denominator
          offset += 1
        }
      }
    }

    private mutating func advanceByGaps(_ count: Int) {
      for _ in 0..<count {
        index += 1
        offset += gaps?.next(before: index) ?? 0
      }
    }

    /// Takes up the stretch that `index` is in, by formula.
    private mutating func seek() {
      guard let plan else { return }
      guard let number = plan.pieceNumber(of: index) else {
        course = .fixed
        offset = Self.never
        return
      }
      let piece = plan.pieces[number]
      pieceNumber = number
      courseEnd = piece.end
      course = piece.rise == 0 ? .even : .ramp
      offset = plan.offset(of: index, in: piece)
      guard course == .even else { return }
      denominator = 2 * piece.rate
      (wholeGap, fractionalGap) = (2 * plan.unit).quotientAndRemainder(dividingBy: denominator)
      remainder = Int64(plan.share(of: index, in: piece) % Int128(denominator))
    }
  }
}
