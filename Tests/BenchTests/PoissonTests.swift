import Bench
import Glibc
import Testing

@Suite("Poisson arrivals")
struct PoissonTests {
  private func gaps(rate: Int, seed: UInt64, count: Int) -> [Double] {
    var cursor = Schedule(.poisson(ArrivalRate(votesPerSecond: rate), seed: seed)).cursor(at: 0)
    var last: Int64 = 0
    return (0..<count).map { _ in
      defer {
        last = cursor.offset
        cursor.advance()
      }
      return Double(cursor.offset - last) * Double(rate) / 1e9
    }
  }

  @Test("gaps have the mean and the variance of an exponential distribution, and its shape", arguments: [1, 2, 3])
  func isExponential(seed: UInt64) {
    let count = 40_000
    let gaps = gaps(rate: 1000, seed: seed, count: count)
    let mean = gaps.reduce(0, +) / Double(count)
    let variance = gaps.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(count)
    // Four standard errors: 1/sqrt(n) of the mean, sqrt(8/n) of the variance.
    #expect(abs(mean - 1) < 4 / Double(count).squareRoot())
    #expect(abs(variance - 1) < 4 * (8 / Double(count)).squareRoot())
    var distance = 0.0
    for (rank, gap) in gaps.sorted().enumerated() {
      let expected = 1 - exp(-gap)
      distance = max(distance, abs(expected - Double(rank) / Double(count)))
      distance = max(distance, abs(expected - Double(rank + 1) / Double(count)))
    }
    // Kolmogorov-Smirnov at 1 %.
    #expect(distance < 1.63 / Double(count).squareRoot())
  }

  @Test("a gap says nothing of the next one")
  func isIndependent() {
    let gaps = gaps(rate: 1000, seed: 4, count: 40_000)
    let products = zip(gaps, gaps.dropFirst()).map { ($0 - 1) * ($1 - 1) }
    #expect(abs(products.reduce(0, +) / 40_000) < 4 / 200)
  }

  @Test("a seed gives the same moments on every machine, another seed other ones")
  func isReproducible() {
    let schedule = Schedule(.poisson(ArrivalRate(votesPerSecond: 500), seed: 42))
    var cursor = schedule.cursor(at: 0)
    var moments: [Int64] = []
    for _ in 0..<4 {
      moments.append(cursor.offset)
      cursor.advance()
    }
    #expect(moments == [1_198_103, 1_402_180, 1_570_110, 1_609_462])
    #expect(schedule.cursor(at: 3).offset == moments[3])
    #expect(Schedule(.poisson(ArrivalRate(votesPerSecond: 500), seed: 43)).cursor(at: 3).offset != moments[3])
  }

  @Test("rounding does not add up: a million times the rate gives the same votes in a millionth of the time")
  func doesNotDrift() throws {
    let slow = try #require(ArrivalRate("0.999983"))
    let fast = ArrivalRate(votesPerSecond: 999_983)
    var slowly = Schedule(.poisson(slow, seed: 9)).cursor(at: 0)
    var quickly = Schedule(.poisson(fast, seed: 9)).cursor(at: 0)
    for _ in 0..<200_000 {
      #expect(slowly.offset / 1_000_000 == quickly.offset)
      slowly.advance()
      quickly.advance()
    }
  }

  @Test("no formula tells a Poisson vote's moment, and a step of several votes is the sum of single ones")
  func walks() {
    let schedule = Schedule(.poisson(ArrivalRate(votesPerSecond: 500), seed: 42))
    #expect(schedule.intendedStart(of: 5) == nil)
    #expect(schedule.votesDue(before: 5) == nil)
    #expect(schedule.duration == nil)
    var cursor = schedule.cursor(at: 7)
    cursor.advance(by: 93)
    #expect(cursor.offset == schedule.cursor(at: 100).offset)
  }
}
