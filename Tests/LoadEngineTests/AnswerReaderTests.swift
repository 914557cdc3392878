import Testing

@testable import LoadEngine

@Suite("The reader of answers")
struct AnswerReaderTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var bytes: String
    var status = 200
    var body = ""
    /// Bytes after the answer.
    var rest = 0
    var keeps = true
    /// The answer is complete only when the connection closes.
    var needsClose = false

    init(
      _ name: String, _ bytes: String, status: Int = 200, body: String = "", rest: Int = 0, keeps: Bool = true,
      needsClose: Bool = false
    ) {
      testDescription = name
      self.bytes = bytes
      self.status = status
      self.body = body
      self.rest = rest
      self.keeps = keeps
      self.needsClose = needsClose
    }
  }

  static let answers = [
    Case("with a length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", body: "abc"),
    Case("of length 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    Case("the same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", body: "a"),
    Case("a length with zeros before it", "HTTP/1.1 200 OK\r\nContent-Length: 0003\r\n\r\nabc", body: "abc"),
    Case("names in any case", "HTTP/1.1 200 OK\r\ncOnTeNt-LENGTH:3\r\nX-other:\r\n\r\nabc", body: "abc"),
    Case("white space around a value", "HTTP/1.1 200 OK\r\nContent-Length: \t 3 \t\r\n\r\nabc", body: "abc"),
    Case("no reason", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", body: "a"),
    Case("an empty reason", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na", body: "a"),
    Case("line feeds alone", "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", body: "abc"),
    Case("a folded line", "HTTP/1.1 200 OK\r\nX-a: b\r\n Content-Length: 9\r\nContent-Length: 1\r\n\r\na", body: "a"),
    Case("bytes above 127", "HTTP/1.1 200 \u{e9}\r\nX-a: \u{e9}\r\nContent-Length: 2\r\n\r\n\u{e9}", body: "\u{e9}"),
    Case(
      "in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
      body: "abcde"),
    Case(
      "chunks with extensions and trailers",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n00A;x=\"1\"\r\n0123456789\r\nb ; y\r\nabcdefghijk\r\n0;z\r\nX-t: 1\r\nContent-Length: 7\r\n\r\n",
      body: "0123456789abcdefghijk"),
    Case("chunks by line feeds", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\na\n0\n\n", body: "a"),
    Case(
      "chunks and a length",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
      body: "a", keeps: false),
    Case("after 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", body: "a"),
    Case(
      "after two interim ones with headers",
      "HTTP/1.1 103 Early\r\nLink: a\r\nContent-Length: 5\r\n\r\nHTTP/1.1 100 C\r\nConnection: close\r\n\r\n"
        + "HTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\na", status: 404, body: "a"),
    Case("204 has no body", "HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\nabc", status: 204, rest: 3),
    Case("304 has no body", "HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: 304, rest: 5),
    Case("until the peer closes", "HTTP/1.1 200 OK\r\n\r\nabc", body: "abc", keeps: false, needsClose: true),
    Case("nothing until the peer closes", "HTTP/1.1 500 Oh\r\n\r\n", status: 500, keeps: false, needsClose: true),
    Case("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", body: "a", keeps: false),
    Case(
      "HTTP/1.0 that is kept", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na", body: "a"),
    Case("close", "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", keeps: false),
    Case("close in a list", "HTTP/1.1 200 OK\r\nConnection: x,\tclose ,y\r\nContent-Length: 0\r\n\r\n", keeps: false),
    Case(
      "close, taken back",
      "HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
      keeps: false),
    Case("disclosed is not close", "HTTP/1.1 200 OK\r\nConnection: disclose\r\nContent-Length: 0\r\n\r\n"),
    Case("two answers", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\n", body: "a", rest: 19),
    Case(
      "bytes after the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nabc",
      body: "a",
      rest: 3),
  ]

  @Test("an answer is read to its end, whatever its form", arguments: answers)
  func reads(answer: Case) {
    var bench = ReaderBench()
    let bytes = Array(answer.bytes.utf8)
    let expected = ReadAnswer(
      part: .complete, status: answer.status, body: Array(answer.body.utf8), count: bytes.count - answer.rest,
      keepsConnection: answer.keeps)
    #expect(bench.read(bytes, thenClosed: answer.needsClose) == expected)
    // Once more: its head is known now.
    #expect(bench.read(bytes, thenClosed: answer.needsClose) == expected)
    // Without its last byte, or while it may go on, it is no answer.
    let begun = bench.read(Array(bytes.prefix(expected.count - 1)), thenClosed: !answer.needsClose)
    #expect(begun.part != .complete && begun.part != .malformed && begun.count == expected.count - 1)
    if answer.needsClose { #expect(bench.read(bytes).part == .untilClose) }
    #expect(PlainAnswerReader.read(bytes, isClosed: answer.needsClose) == expected.plain)
  }

  @Test("any cutting of the bytes into pieces gives the same answer", arguments: answers + malformed)
  func pieces(answer: Case) {
    let bytes = Array(answer.bytes.utf8)
    var whole = ReaderBench()
    let expected = whole.read(bytes, thenClosed: answer.needsClose)
    var random = SplitMix(seed: 1)
    var cuttings = [Array(1..<bytes.count)] + (1..<bytes.count).map { [$0] }
    for _ in 0..<50 {
      cuttings.append((1..<bytes.count).filter { _ in Int.random(in: 0..<8, using: &random) == 0 })
    }
    for cuts in cuttings {
      // One that knows no head, and one that knows those of the cuttings before.
      var fresh = ReaderBench()
      for var read in [
        fresh.read(bytes, cuts: cuts, thenClosed: answer.needsClose),
        whole.read(bytes, cuts: cuts, thenClosed: answer.needsClose),
      ] {
        // How much of a malformed answer was looked at does not matter.
        if read.part == .malformed { read.count = expected.count }
        #expect(read == expected, "cut at \(cuts)")
      }
    }
  }

  static let malformed = [
    Case("another protocol", "SSH-2.0-OpenSSH_9.2\r\n"),
    Case("HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"),
    Case("HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"),
    Case("lower case", "http/1.1 200 OK\r\n\r\n"),
    Case("an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n"),
    Case("no status", "HTTP/1.1\r\n\r\n"),
    Case("a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"),
    Case("a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"),
    Case("a status with a letter", "HTTP/1.1 2o0 OK\r\n\r\n"),
    Case("a status with a sign", "HTTP/1.1 +20 OK\r\n\r\n"),
    Case("status 600", "HTTP/1.1 600 OK\r\n\r\n"),
    Case("status 099", "HTTP/1.1 099 OK\r\n\r\n"),
    Case("another protocol after 101", "HTTP/1.1 101 Switching\r\n\r\n"),
    Case("no space after the status", "HTTP/1.1 200OK\r\n\r\n"),
    Case("a tab after the version", "HTTP/1.1\t200 OK\r\n\r\n"),
    Case("a header without a colon", "HTTP/1.1 200 OK\r\nContent-Length 3\r\n\r\nabc"),
    Case("a header without a name", "HTTP/1.1 200 OK\r\n: 3\r\n\r\nabc"),
    Case("white space before a colon", "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc"),
    Case("a NUL in a value", "HTTP/1.1 200 OK\r\nX-a: \0\r\n\r\n"),
    Case("a NUL in a name", "HTTP/1.1 200 OK\r\nX\0a: b\r\n\r\n"),
    Case("a carriage return in a name", "HTTP/1.1 200 OK\r\nX\ra: b\r\n\r\n"),
    Case("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
    Case("a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc"),
    Case("an empty length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"),
    Case("a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    Case("a hexadecimal length", "HTTP/1.1 200 OK\r\nContent-Length: 0x3\r\n\r\nabc"),
    Case("a length beyond 64 bits", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551619\r\n\r\nabc"),
    Case("a length of 19 digits", "HTTP/1.1 200 OK\r\nContent-Length: 0000000000000000003\r\n\r\nabc"),
    Case("another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"),
    Case("two codings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    Case(
      "chunked twice",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Case("a chunk without a size", chunked + "\r\n"),
    Case("an extension without a size", chunked + ";x\r\n"),
    Case("a size with a sign", chunked + "+1\r\na\r\n"),
    Case("a size with another prefix", chunked + "0x1\r\na\r\n"),
    Case("a negative size", chunked + "-1\r\na\r\n"),
    Case("a size of 16 digits", chunked + "0000000000000001\r\na\r\n"),
    Case("a chunk that is longer than it says", chunked + "1\r\nab\r\n0\r\n\r\n"),
    Case("a chunk that is shorter than it says", chunked + "3\r\na\r\n0\r\n\r\n"),
    Case("garbage after 100", "HTTP/1.1 100 Continue\r\n\r\nabc\r\n\r\n"),
  ]

  private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

  @Test("what is no answer is called malformed, for good", arguments: malformed)
  func refuses(answer: Case) {
    var bench = ReaderBench()
    let bytes = Array(answer.bytes.utf8)
    let read = bench.read(bytes, thenClosed: true)
    #expect(read.part == .malformed && read.count <= bytes.count)
    #expect(bench.read(bytes, thenClosed: true) == read)
    #expect(PlainAnswerReader.read(bytes, isClosed: true) == .malformed)
    // What comes next is read as if nothing had been.
    #expect(bench.read(Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na".utf8)).part == .complete)
  }

  @Test("a line is taken up to its limit, in one piece and in many", arguments: [0, 1])
  func longestLine(over: Int) {
    // With its carriage return, without its line feed.
    let line = "X-a: " + String(repeating: "b", count: AnswerReader.lineCapacity - 6 + over) + "\r\n"
    let bytes = Array("HTTP/1.1 200 OK\r\n\(line)Content-Length: 1\r\n\r\na".utf8)
    var bench = ReaderBench()
    for cuts in [[], [20], Array(stride(from: 16_384, to: bytes.count, by: 16_384)), [100, bytes.count - 30]] {
      #expect(bench.read(bytes, cuts: cuts).part == (over == 0 ? .complete : .malformed), "cut at \(cuts)")
    }
  }

  @Test("lines are taken up to their limit, in the header and in the trailer", arguments: [0, 1])
  func mostLines(over: Int) {
    func lines(_ count: Int) -> String { (0..<count).map { "X-\($0): a\r\n" }.joined() }
    let limit = AnswerReader.lineLimit + over
    var bench = ReaderBench()
    let header = "HTTP/1.1 200 OK\r\n\(lines(limit - 1))Content-Length: 1\r\n\r\na"
    let trailer = Self.chunked + "1\r\na\r\n0\r\n\(lines(limit - 1))\r\n"
    for text in [header, trailer] {
      #expect(bench.read(Array(text.utf8)).part == (over == 0 ? .complete : .malformed))
    }
  }

  @Test("only the beginning of a long body is kept, and all of it is read", arguments: [true, false])
  func longBody(isChunked: Bool) {
    let body = (0..<100_000).map { UInt8($0 % 251) }
    let kept = Array(body.prefix(AnswerReader.bodyCapacity))
    let head = isChunked ? Self.chunked + "186a0\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    let bytes = Array(head.utf8) + body + (isChunked ? Array("\r\n0\r\n\r\n".utf8) : [])
    var bench = ReaderBench()
    for step in [bytes.count, 32_768, 1000] {
      let read = bench.read(bytes, cuts: Array(stride(from: step, to: bytes.count, by: step)))
      #expect(read.part == .complete && read.count == bytes.count && read.body == kept)
    }
  }

  @Test("a head that is known does not hide what a later one says")
  func knownHeads() {
    var bench = ReaderBench()
    func answer(_ number: Int) -> [UInt8] {
      Array("HTTP/1.1 200 OK\r\nX-Pod: pod-\(number)\r\nX-Version: v\(number % 3)\r\nContent-Length: 1\r\n\r\na".utf8)
    }
    // More than are remembered, in an order that comes back to each.
    for number in (0..<200).map({ $0 * 7 % 20 }) {
      let read = bench.read(answer(number))
      #expect(read.part == .complete && read.pod == "pod-\(number)" && read.version == "v\(number % 3)")
    }
    #expect(bench.read(Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na".utf8)).pod.isEmpty)
    // What was said in between, by an interim answer, is not remembered with the head that followed.
    let final = "HTTP/1.1 201 OK\r\n\r\nabc"
    let interim = "HTTP/1.1 103 Early\r\nX-Pod: other\r\nContent-Length: 1\r\n\r\n"
    for cuts in [[interim.utf8.count], []] {
      #expect(bench.read(Array((interim + final).utf8), cuts: cuts, thenClosed: true).text == "abc")
      let read = bench.read(Array(final.utf8), thenClosed: true)
      #expect(read.text == "abc" && read.pod.isEmpty && read.status == 201)
    }
  }

  @Test(
    "pods are named by a header or by a pattern in the body",
    arguments: [
      ("<b>", "</b>", "x<b>pod-7</b>", "pod-7"), ("<b>", "", "x<b>pod-7", "pod-7"), ("", "!", "pod-7!", "pod-7"),
      ("<b>", "</b>", "x<b>pod-7", ""), ("<b>", "</b>", "pod-7</b>", ""), ("<b>", "</b>", "<b></b>", ""),
      ("<b>", "</b>", "", ""),
    ])
  func pods(before: String, after: String, body: String, pod: String) {
    var configuration = EngineConfiguration.plain(port: 1)
    configuration.podPattern = .init(before + "*" + after)
    var bench = ReaderBench(configuration)
    let head = "HTTP/1.1 200 OK\r\nX-Pod: other\r\nX-Version: v2\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    let read = bench.read(Array((head + body).utf8))
    #expect(read.pod == pod && read.version == "v2")
  }

  @Test("names are cut at 64 bytes")
  func longPod() {
    var bench = ReaderBench()
    let pod = String(repeating: "p", count: 70)
    let read = bench.read(Array("HTTP/1.1 200 OK\r\nX-Pod: \(pod)\r\nContent-Length: 0\r\n\r\n".utf8))
    #expect(read.pod == String(repeating: "p", count: 64))
  }
}
