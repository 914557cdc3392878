import Testing

@testable import LoadEngine

extension AnswerReaderTests {
  /// Mutations that break, repair or move what an answer says.
  private struct Mutator {
    private static let words = [
      "\r\n", "\r\n\r\n", "\n", ":", " ", "0", "1", "a", ";", "Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n",
      "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 C\r\n\r\n", "Connection: close\r\n", "\0", "\u{7f}",
    ].map { Array($0.utf8) }

    var random: SplitMix

    mutating func change(_ bytes: inout [UInt8]) {
      guard !bytes.isEmpty else {
        bytes = Self.words[0]
        return
      }
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let count = min(Int.random(in: 1...12, using: &random), bytes.count - place)
      switch UInt8.random(in: 0..<6, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 2: bytes.removeSubrange(place..<(place + count))
      case 3: bytes.insert(contentsOf: Array(bytes[place..<(place + count)]), at: place)
      case 4: bytes.insert(contentsOf: Self.words[Int.random(in: 0..<Self.words.count, using: &random)], at: place)
      default: bytes.removeSubrange(place...)
      }
    }

    mutating func cuts(_ count: Int) -> [Int] {
      guard count > 1, Bool.random(using: &random) else { return [] }
      return [Int.random(in: 1..<count, using: &random)]
    }
  }

  @Test("mutated answers are read as a second, plain reader reads them", arguments: [1, 2])
  func mutations(seed: UInt64) {
    var mutator = Mutator(random: SplitMix(seed: seed))
    // Kept for all rounds, with the heads that it has come to know.
    var bench = ReaderBench()
    let templates = Self.answers.map { Array($0.bytes.utf8) }
    let deadline = ContinuousClock.now + .seconds(2)
    var (rounds, complete, malformed) = (0, 0, 0)
    while rounds < 50_000, rounds % 64 != 0 || ContinuousClock.now < deadline {
      rounds += 1
      var bytes = templates[rounds % templates.count]
      for _ in 0..<Int.random(in: 1...3, using: &mutator.random) { mutator.change(&bytes) }
      let isClosed = Bool.random(using: &mutator.random)
      let read = bench.read(bytes, cuts: mutator.cuts(bytes.count), thenClosed: isClosed)
      let plain = PlainAnswerReader.read(bytes, isClosed: isClosed)
      if read.plain != plain || read.count > bytes.count {
        Issue.record(
          "seed \(seed), round \(rounds): \(read) is not \(plain) for \(String(decoding: bytes, as: UTF8.self))")
        return
      }
      if read.part == .complete { complete += 1 } else if read.part == .malformed { malformed += 1 }
    }
    // Mutations that break everything, or nothing, would prove nothing.
    #expect(rounds > 500 && complete * 10 > rounds && malformed * 10 > rounds)
  }
}
