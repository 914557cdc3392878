/// The distribution of one time over many votes: an HDR histogram of nanoseconds, 3 significant digits.
///
/// Values from 0 to an hour are kept within 0.1 %; one beyond is counted at the nearest end and in `outOfRange`, never
/// lost. Counts are 64 bits wide.
///
/// The counts are our own and not the package's that the tests compare them with: a run keeps some hundred distributions
/// (a phase, a cohort, a pod, a second that is not over yet), of which each is only touched in a few places, while the
/// package's arrays take 197 kB each, hide their counts and are slow to walk. Here a page of slots is made when the first
/// value falls into it, so that recording makes no memory once the pages are there.
package struct Distribution: Sendable {
  private static let slotsAPage = 64
  /// The exponent of `slotsAPage`.
  private static let pageMagnitude = 6

  /// The slots and their values.
  package let layout: BucketLayout
  /// Where the page of slots stands in `counts`, in pages counted from 1; 0 for none.
  ///
  /// Empty before the first value.
  private var directory: [UInt16] = []
  private var counts: [UInt64] = []
  private var minimum = Int64.max
  private var maximum = Int64(0)
  /// Values recorded, those out of range too.
  package private(set) var count = 0
  /// Values below 0 or above the range: each is recorded at the nearest end, so every figure has it there.
  package private(set) var outOfRange = 0

  /// An empty distribution.
  package init(_ layout: BucketLayout = .votes) {
    self.layout = layout
  }

  /// Adds one value in nanoseconds.
  package mutating func record(nanoseconds: Int64) {
    record(nanoseconds, count: 1)
  }

  /// Adds one value `count` times.
  package mutating func record(_ value: Int64, count times: Int) {
    var value = value
    if value < 0 || value > layout.highest {
      value = value < 0 ? 0 : layout.highest
      outOfRange += times
    }
    let slot = layout.slot(of: value)
    let page = slot &>> Self.pageMagnitude
    // Most values fall into a page that is there: no call for them.
    let number = page < directory.count && directory[page] > 0 ? Int(directory[page]) : made(page)
    counts[(number &- 1) &<< Self.pageMagnitude | slot & (Self.slotsAPage &- 1)] &+= UInt64(times)
    count &+= times
    if value < minimum { minimum = value }
    if value > maximum { maximum = value }
  }

  /// Adds all values of `other`, which has the same layout.
  package mutating func add(_ other: Distribution) {
    precondition(layout == other.layout, "distributions of one layout can be added")
    for (page, number) in other.directory.enumerated() where number > 0 {
      let own = page < directory.count && directory[page] > 0 ? Int(directory[page]) : made(page)
      let (from, to) = ((Int(number) - 1) * Self.slotsAPage, (own - 1) * Self.slotsAPage)
      for offset in 0..<Self.slotsAPage { counts[to + offset] &+= other.counts[from + offset] }
    }
    count += other.count
    outOfRange += other.outOfRange
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
  }

  /// Forgets all values and keeps the memory.
  package mutating func reset() {
    for page in directory.indices { directory[page] = 0 }
    counts.removeAll(keepingCapacity: true)
    (minimum, maximum, count, outOfRange) = (.max, 0, 0, 0)
  }

  /// The slots that have values, ascending, each with their number.
  package var slots: [(slot: Int, count: UInt64)] {
    var slots: [(slot: Int, count: UInt64)] = []
    for (page, number) in directory.enumerated() where number > 0 {
      let place = (Int(number) - 1) * Self.slotsAPage
      for offset in 0..<Self.slotsAPage where counts[place + offset] > 0 {
        slots.append((page * Self.slotsAPage + offset, counts[place + offset]))
      }
    }
    return slots
  }

  /// The largest value as files show it: the highest of its slot; 0 without values.
  package var highestRecorded: Int64 {
    count == 0 ? 0 : layout.highestValue(of: layout.slot(of: maximum))
  }

  /// Makes the page, and gives its number in `counts`, from 1.
  private mutating func made(_ page: Int) -> Int {
    if directory.isEmpty {
      directory = Array(repeating: 0, count: layout.slotCount / Self.slotsAPage + 1)
    }
    counts.append(contentsOf: repeatElement(0, count: Self.slotsAPage))
    let number = counts.count / Self.slotsAPage
    directory[page] = UInt16(number)
    return number
  }
}

extension Distribution {
  /// Seven figures and the number of values behind them, in the unit that the owner's name says.
  ///
  /// `min` and `max` are exact; a percentile is the highest value of the slot in which its rank (the smallest that is
  /// not below p % of the values) lies, and at most `max`. The mean counts each value as the middle of its slot.
  package struct Summary: Sendable, Hashable, Codable {
    /// The smallest value.
    package var min: Double
    /// The arithmetic mean.
    package var mean: Double
    /// The median: the 50th percentile.
    package var p50: Double
    /// The 90th percentile.
    package var p90: Double
    /// The 99th percentile.
    package var p99: Double
    /// The 99.9th percentile.
    package var p999: Double
    /// The largest value.
    package var max: Double
    /// How many values stand behind the figures.
    package var count: Int
    /// How many of them were below 0 or above an hour, and were counted as that.
    package var outOfRange: Int
  }

  /// The figures in milliseconds; nil without values, which is not the same as 0.
  package var milliseconds: Summary? { summary(unit: 1e6) }

  /// The figures in microseconds; nil without values, which is not the same as 0.
  package var microseconds: Summary? { summary(unit: 1e3) }

  /// The figures in seconds; nil without values, which is not the same as 0.
  package var seconds: Summary? { summary(unit: 1e9) }

  /// The values at ascending percentiles, in milliseconds; none of a distribution without values.
  package func milliseconds(at percentiles: [Double]) -> [Double] {
    count == 0 ? [] : self.percentiles(percentiles, of: slots).map { Double($0) / 1e6 }
  }

  /// The same from below: the lowest value of the slot in which a percentile lies, and at least the smallest value.
  package func millisecondsAtLeast(at percentiles: [Double]) -> [Double] {
    count == 0 ? [] : ranked(percentiles, of: slots).map { Double(max(minimum, layout.lowestValue(of: $0))) / 1e6 }
  }

  private func summary(unit: Double) -> Summary? {
    guard count > 0 else { return nil }
    let slots = slots
    let ranked = percentiles([50, 90, 99, 99.9], of: slots).map { Double($0) / unit }
    return Summary(
      min: Double(minimum) / unit, mean: mean(of: slots) / unit, p50: ranked[0], p90: ranked[1], p99: ranked[2],
      p999: ranked[3], max: Double(maximum) / unit, count: count, outOfRange: outOfRange)
  }

  /// The values of ascending percentiles; `slots` are not empty.
  private func percentiles(_ wanted: [Double], of slots: [(slot: Int, count: UInt64)]) -> [Int64] {
    ranked(wanted, of: slots).map { min(maximum, layout.highestValue(of: $0)) }
  }

  /// The slots in which ascending percentiles lie; `slots` are not empty.
  private func ranked(_ wanted: [Double], of slots: [(slot: Int, count: UInt64)]) -> [Int] {
    var (place, reached) = (0, slots[0].count)
    return wanted.map { percentile in
      // One step down, so that 99.9 % of 1000 is 999 and not, by rounding, 1000.
      let rank = max(1, UInt64((percentile.nextDown / 100 * Double(count)).rounded(.up)))
      while reached < rank, place + 1 < slots.count {
        place += 1
        reached += slots[place].count
      }
      return slots[place].slot
    }
  }

  /// The mean of the values, each taken as the middle of its slot; 0 without values.
  package func mean(of slots: [(slot: Int, count: UInt64)]) -> Double {
    guard count > 0 else { return 0 }
    return slots.reduce(0) { $0 + Double(layout.medianValue(of: $1.slot)) * Double($1.count) } / Double(count)
  }
}
