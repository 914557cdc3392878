import Bench
import Testing

@Suite("Tally sources")
struct TallySourceTests {
  private static let choices = ["a", "b"]

  private static func source(_ text: String) throws -> TallySource {
    try #require(TallySource(text, choices: choices), "\(text)")
  }

  @Test(
    "a source is named by its kind and its place",
    arguments: [
      ("json:/result", "json:/result", false),
      ("json:https://other.example/x#/votes", "json:https://other.example/x", false),
      ("json:/api#a=/0/n,b=/1/n", "json:/api", false), ("html:/#<b id=\"{choice}\">*</b>", "html:/", false),
      ("html:/#{choice} *%#of * votes", "html:/", false), ("sse:/live", "sse:/live", true),
      ("socket.io:/socket.io/", "socket.io:/socket.io/", true), ("socket.io:/s#tally", "socket.io:/s", true),
      ("command: psql -At postgresql://me:secret@db/votes", "command:psql", false),
      ("json:https://me:se@cret@a.example/x@y", "json:https://a.example/x@y", false),
    ])
  func spelled(text: String, name: String, isPushed: Bool) throws {
    let source = try Self.source(text)
    #expect(source.name == name)
    #expect(source.isPushed == isPushed)
  }

  @Test("a command is kept whole, whatever stands in it")
  func command() throws {
    #expect(try Self.source("command:echo a 1 # not cut").place == "echo a 1 # not cut")
  }

  @Test(
    "anything else is no source",
    arguments: [
      "", "/result", "json:", "json:result", "json:/a b", "json:/r#votes", "json:/r#a=/0", "json:/r#a=/0,b=1",
      "json:/r#a=/0,a=/1,b=/2", "json:/r#a=/0,b=/1,c=/2", "html:/r", "html:/r#no star {choice}", "html:/r#* {choice}",
      "html:/r#{choice}*#*", "xml:/r", "command: ", "sse:/r#x",
    ])
  func misspelled(text: String) {
    #expect(TallySource(text, choices: Self.choices) == nil)
  }

  @Test(
    "the counts of an answer, or why there are none",
    arguments: [
      ("json:/", #"{"a":1,"b":2,"total":3}"#, ["a": 1, "b": 2], ""),
      ("json:/", #"{"a":"1","zebra":2}"#, ["a": 1, "zebra": 2], ""),
      ("json:/#/x~1y/1", #"{"x/y":[0,{"a":1,"b":0}]}"#, ["a": 1, "b": 0], ""),
      ("json:/#/text", #"{"text":"{\"a\":7}"}"#, ["a": 7], ""),
      ("json:/#a=/0/n,b=/1/n", #"[{"n":4},{"n":"5"}]"#, ["a": 4, "b": 5], ""),
      ("json:/", #"{"a":1,"total":2}"#, nil, "a total that is not the sum of the counts"),
      ("json:/", #"{"a":-1}"#, nil, "a count that is no whole number from 0 to 2^44"),
      ("json:/", #"{"a":1.5}"#, nil, "a count that is no whole number from 0 to 2^44"),
      ("json:/", #"{"a":17592186044417}"#, nil, "a count that is no whole number from 0 to 2^44"),
      ("json:/", #"{"a":9223372036854775808}"#, nil, "a count that is no whole number from 0 to 2^44"),
      ("json:/", #"{"a":{"n":1}}"#, nil, "a count that is no whole number from 0 to 2^44"),
      ("json:/", "[1]", nil, "no JSON object with counts"), ("json:/", "", nil, "no JSON"),
      ("json:/", "<html>", nil, "no JSON"), ("json:/#/x/9", #"{"x":[1]}"#, nil, "nothing at the pointer /x/9"),
      ("html:/#<b id=\"{choice}\">*</b>", "<p> <b\n id=\"a\">  12 </b><b id=\"b\">3</b>", ["a": 12, "b": 3], ""),
      ("html:/#{choice}: *;", "a: none; a: 5; b: 6;", ["a": 5, "b": 6], ""),
      ("html:/#{choice}: *;", "a: 5;", nil, "no number between 'b: ' and ';'"),
      ("html:/#{choice}: *;", "a: 5.5; b: 6;", nil, "a count that is no whole number from 0 to 2^44"),
      ("html:/#{choice}: *;", "a: 1,000; b: 6;", nil, "no number between 'a: ' and ';'"),
      ("html:/#{choice} *%#of *.", "a 101% b 3% of 5.", nil, "a share that is not from 0 to 100 percent"),
      ("command:x", "a|5\nb|6\n", ["a": 5, "b": 6], ""),
      ("command:x", " a  5\n\nnew york = 6", ["a": 5, "new york": 6], ""),
      ("command:x", #"{"a":1}"#, ["a": 1], ""), ("command:x", "", [:], ""),
      ("command:x", "a|5\na|6", nil, "a choice that is there twice"),
      ("command:x", "ERROR: no such table", nil, "a line that is not a choice and its count"),
    ] as [(String, String, [String: Int]?, String)])
  func counts(spelled: String, body: String, counts: [String: Int]?, reason: String) throws {
    switch try Self.source(spelled).picking.counts(in: Array(body.utf8), choices: Self.choices) {
    case .success(let shown): #expect(shown.counts == counts)
    case .failure(let error): #expect(counts == nil && error.reason == reason, "\(error.reason)")
    }
  }

  @Test("as many counts as an answer holds can be added up")
  func sums() throws {
    let most = (0..<3000).map { "\"\($0)\":\(1 << 44)" }.joined(separator: ",")
    let shown = try Self.source("json:/").picking.counts(in: Array("{\(most)}".utf8), choices: Self.choices)
    #expect(try shown.get().counts.count == 3000)
  }

  @Test("rounded percents of an exact total are ranges: 67 % of 3 is 2, 33 % is 1, 66.7 % of 3000 is 2000 to 2002")
  func percents() throws {
    let source = try Self.source("html:/#{choice} *%#of *.")
    func shown(_ text: String) throws -> TallyPicking.Counts {
      try source.picking.counts(in: Array(text.utf8), choices: Self.choices).get()
    }
    let small = try shown("a 67% b 33% of 3.")
    #expect(small.counts == ["a": 2, "b": 1])
    #expect(small.rounding?.most == ["a": 2, "b": 1] && small.rounding?.total == 3)
    let large = try shown("a 66.7% b 33.3% of 3000.")
    #expect(large.counts == ["a": 2000, "b": 998])
    #expect(large.rounding?.most == ["a": 2002, "b": 1000])
  }

  // MARK: Servers

  private static func sample(_ declared: Int, at milliseconds: Int64) -> TallySample {
    let moment = MonotonicTime(nanoseconds: milliseconds * 1_000_000)
    return TallySample(sent: moment, received: moment, counts: ["a": 1, "x": 5], source: declared)
  }

  @Test("each pod that answers is a source of its own; who does not name itself may be several")
  func pods() throws {
    var sources = TallySources([try Self.source("json:/result"), try Self.source("command:x")])
    let numbers = [(0, "p1"), (0, "p2"), (1, ""), (0, "p1"), (0, "")].map { declared, pod in
      sources.take(Self.sample(declared, at: 0), pod: pod).source
    }
    #expect(numbers == [0, 1, 2, 0, 3])
    #expect(sources.traits.map(\.name) == ["json:/result (p1)", "json:/result (p2)", "command:x", "json:/result"])
    #expect(sources.traits.map(\.isOneServer) == [true, true, false, false])
    #expect(sources.figures.map(\.good) == [4, 1])
  }

  @Test("with labels of its own a run looks at nothing else")
  func labels() throws {
    var sources = TallySources([try Self.source("json:/result")], labels: ["a", "b"])
    #expect(sources.take(Self.sample(0, at: 0), pod: "").counts == ["a": 1])
  }

  @Test("a source that never gave a tally is hopeless after ten failures, one that sends by itself after three")
  func hopeless() throws {
    var sources = TallySources([try Self.source("json:/result"), try Self.source("sse:/live")])
    for _ in 0..<9 { sources.failed(0, "timeout") }
    sources.failed(1, "no JSON")
    #expect(sources.hopeless == nil && !sources.allAnswered)
    sources.failed(0, "status-502")
    #expect(sources.hopeless?.reasons == "10 failed: 9 timeout, 1 status-502")
    _ = sources.take(Self.sample(0, at: 0), pod: "")
    #expect(sources.hopeless == nil && !sources.allAnswered)
    for _ in 0..<2 { sources.failed(1, "no JSON") }
    #expect(sources.hopeless?.name == "sse:/live")
  }

  @Test("the rhythm of a source that sends by itself is the median between its messages before the first vote")
  func periods() throws {
    var sources = TallySources([try Self.source("sse:/live"), try Self.source("json:/result")])
    for moment in [0, 1000, 2010, 5000, 6000] as [Int64] {
      _ = sources.take(Self.sample(0, at: moment), pod: "")
      _ = sources.take(Self.sample(1, at: moment), pod: "")
    }
    sources.learnPeriods()
    #expect(sources.traits.map(\.period) == [.milliseconds(1010), nil])
  }
}

@Suite("The wire of a vote")
struct VoteWireTests {
  @Test("forms are encoded and have one length, whatever the lengths of the choices")
  func forms() {
    var wire = VoteWire()
    #expect(wire.forms(of: ["a", "b"]).map { String(decoding: $0, as: UTF8.self) } == ["vote=a", "vote=b"])
    wire.field = "my vote"
    let forms = wire.forms(of: ["a&b=c", "caf\u{E9} noir", "x"]).map { String(decoding: $0, as: UTF8.self) }
    let padding = ["&_=00000", "&_=", "&_=0000000000000"]
    #expect(forms == zip(["a%26b%3Dc", "caf%C3%A9+noir", "x"], padding).map { "my+vote=\($0)\($1)" })
  }
}
