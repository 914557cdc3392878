import Bench
import Testing

/// HdrHistogram's V2 encoding and the log's lines, against blobs that its Java, C and Python readers take.
@Suite("Histogram encoding")
struct MeasureEncodingTests {
  private static let microseconds = BucketLayout(lowest: 1, highest: 3_600_000_000, digits: 3)

  private func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The bytes after the head.
  private func payload(_ distribution: Distribution) -> String {
    hex(HistogramBlob(distribution).inner.dropFirst(40))
  }

  @Test(
    "numbers take as few bytes as they can, and never more than nine",
    arguments: [
      (0, "00"), (1, "02"), (-1, "01"), (2, "04"), (63, "7e"), (64, "8001"), (-64, "7f"), (-65, "8101"),
      (8191, "fe7f"), (8192, "808001"), (300, "d804"), (-996, "c70f"), (-1047, "ad10"), (1 << 20, "80808001"),
      (1 << 27, "8080808001"), (1 << 34, "808080808001"), (1 << 41, "80808080808001"), (1 << 48, "8080808080808001"),
      (1 << 55, "808080808080808001"), (1 << 62, "808080808080808080"), (1 - (1 << 31), "fdffffff0f"),
    ] as [(Int64, String)])
  func numbers(number: Int64, expected: String) {
    var bytes: [UInt8] = []
    HistogramBlob.append(number: number, to: &bytes)
    #expect(hex(bytes) == expected)
  }

  @Test("a histogram's bytes and text are those that three readers take")
  func exampleA() {
    let blob = HistogramBlob(MeasureDistributionTests.exampleA)
    #expect(
      hex(blob.inner)
        == "1c849313" + "00000014" + "00000000" + "00000003" + "0000000000000001" + "00000000d693a400"
        + "3ff0000000000000" + "02cd0f06020002a5100204c10308fd1f02fb6a02")
    #expect(
      blob.base64
        == "HISTFAAAAEd4AQE8AMP/HISTEwAAABQAAAAAAAAAAwAAAAAAAAABAAAAANaTpAA/8AAAAAAAAALNDwYCAAKlEAIEwQMI/R8C+2oC22kJjw=="
    )
  }

  @Test("values far apart, nothing at all, and counts beyond 32 bits are encoded as elsewhere")
  func payloads() {
    var far = Distribution(Self.microseconds)
    for (value, count) in [(1500, 100), (3000, 10), (60_000_000, 1)] { far.record(Int64(value), count: count) }
    #expect(payload(far) == "b717c801fd0f1493e50102")
    #expect(payload(Distribution(Self.microseconds)) == "00")
    var large = Distribution(BucketLayout(lowest: 1000, highest: 60_000_000_000, digits: 3))
    let values: [(Int64, Int)] = [
      (0, 1), (700, 2), (1000, 3), (1_500_000, 300), (2_345_678, 100_000), (2_345_900, 1), (5_000_000, 1 << 40),
      (1_000_000_000, 1), (59_999_999_999, 2),
    ]
    for (value, count) in values { large.record(value, count: count) }
    #expect(payload(large) == "020aeb26d804ff0ac29a0c9311808080808040db7a028f5e04")
  }

  @Test("a log begins with its version, its times and a legend, in short lines")
  func header() {
    let header = LatencyLog.header(version: "0.1", start: 1_700_000_000)
    #expect(
      header == [
        "#[Logged with votebench 0.1]", "#[Histogram log format version 1.3]",
        "#[BaseTime: 1700000000.000 (seconds since epoch)]",
        "#[StartTime: 1700000000.000 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]",
        "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"",
      ])
    #expect(header.allSatisfy { $0.utf8.count <= 127 })
  }

  @Test("a line has its tag, its second, its length, its longest time and its counts")
  func line() {
    let blob = HistogramBlob(MeasureDistributionTests.exampleA).base64
    let tagged = LatencyLog.line(second: 7, tag: "rollout.lag", MeasureDistributionTests.exampleA)
    #expect(tagged == "Tag=rollout.lag,7.000,1.000,1.000," + blob)
    #expect(LatencyLog.line(second: 0, Distribution()).hasPrefix("0.000,1.000,0.000,HISTFAAAA"))
  }
}
