import Bench
import Testing

/// Talks with tally sources, in the time of a table: milliseconds.
@Suite("The talk with a tally source")
struct TallyDialogTests {
  private static func at(_ milliseconds: Int64) -> MonotonicTime {
    MonotonicTime(nanoseconds: milliseconds * 1_000_000)
  }

  private static func dialog(_ spelled: String) throws -> TallyDialog {
    TallyDialog(
      try #require(TallySource(spelled, choices: ["a", "b"])), number: 3, choices: ["a", "b"],
      interval: .milliseconds(500), timeout: .seconds(10), now: at(0))
  }

  /// Outcomes as texts: `100...200 a=1`, or the reason.
  private static func words(_ outcomes: [TallyDialog.Outcome]) -> [String] {
    outcomes.map { outcome in
      switch outcome {
      case .tally(let sample):
        "\(sample.sent.nanoseconds / 1_000_000)...\(sample.received.nanoseconds / 1_000_000) a=\(sample["a"])"
      case .failed(let reason): reason
      }
    }
  }

  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test("what is asked is asked in its rhythm, one at a time; a failure does not shift it")
  func asked() throws {
    var dialog = try Self.dialog("json:/result")
    #expect(dialog.ask(at: Self.at(0))?.limit == .seconds(10))
    #expect(dialog.ask(at: Self.at(600)) == nil && dialog.deadline == nil, "one is under way")
    #expect(Self.words(dialog.ended(.success(Self.bytes(#"{"a":1}"#)), at: Self.at(700))) == ["0...700 a=1"])
    #expect(dialog.deadline == Self.at(500))
    #expect(dialog.ask(at: Self.at(710)) != nil)
    let failure = TallyPicking.Unreadable(reason: "timeout")
    #expect(Self.words(dialog.ended(.failure(failure), at: Self.at(720))) == ["timeout"])
    #expect(dialog.deadline == Self.at(1000))
    #expect(dialog.ask(at: Self.at(1000)) != nil)
    #expect(Self.words(dialog.ended(.success(Self.bytes("busy")), at: Self.at(1001))) == ["no JSON"])
  }

  @Test("of a stream each message but the first tells of a moment after it was asked for; then it is asked for anew")
  func stream() throws {
    var dialog = try Self.dialog("sse:/live")
    #expect(dialog.ask(at: Self.at(0))?.isStream == true)
    func hear(_ text: String, at moment: Int64) -> [String] {
      Self.words(dialog.received(Self.bytes(text), at: Self.at(moment)))
    }
    #expect(hear("retry: 5\ndata: {\"a\":1}\n\n", at: 100) == [])
    #expect(hear("data: {\"a\":", at: 1000) == [])
    #expect(hear("2}\r\n\r", at: 1100) == ["0...1100 a=2"])
    #expect(
      hear("\n: still there\nevent: x\ndata: {\ndata:\"a\":3}\n\ndata: down\n\n", at: 1200) == [
        "0...1200 a=3", "no JSON",
      ])
    #expect(dialog.giveUp(at: Self.at(4999)) == nil)
    #expect(dialog.deadline == Self.at(5000))
    #expect(dialog.giveUp(at: Self.at(5000)) == [])
    #expect(dialog.ask(at: Self.at(5000)) != nil)
    #expect(hear("data: {\"a\":9}\n\n", at: 5100) == [], "a new stream, perhaps of another server")
    #expect(hear("data: {\"a\":10}\n\n", at: 6100) == ["5000...6100 a=10"])
  }

  @Test("a stream that says nothing is given up and called so; one that ends with nothing too")
  func silentStream() throws {
    var dialog = try Self.dialog("sse:/live")
    _ = dialog.ask(at: Self.at(0))
    #expect(dialog.deadline == Self.at(30_000))
    #expect(Self.words(dialog.giveUp(at: Self.at(30_000)) ?? []) == ["nothing came for 30.0 seconds"])
    _ = dialog.ask(at: Self.at(30_000))
    #expect(Self.words(dialog.ended(.success([]), at: Self.at(30_001))) == ["the stream ended without an event"])
    _ = dialog.ask(at: Self.at(31_000))
    _ = dialog.received(Self.bytes("data: {}\n\n"), at: Self.at(31_001))
    #expect(dialog.ended(.success([]), at: Self.at(31_002)) == [], "a server may end a stream that it has fed")
    _ = dialog.ask(at: Self.at(32_000))
    let endless = dialog.received([UInt8](repeating: 0x64, count: 70_000), at: Self.at(32_001))
    #expect(Self.words(endless) == ["an event of more than 65536 bytes"])
  }

  /// A session up to the first GET for packets, which is asked at 20.
  private static func session(_ dialog: inout TallyDialog) throws {
    let first = dialog.ask(at: at(0))
    #expect(first?.query == "EIO=4&transport=polling" && first?.body == nil && first?.limit == .seconds(60))
    #expect(dialog.ended(.success(bytes(#"0{"sid":"S-1","pingInterval":25000}"#)), at: at(5)) == [])
    let opened = dialog.ask(at: at(55))
    #expect(opened?.body == "40" && opened?.query == "EIO=4&transport=polling&sid=S-1")
    #expect(dialog.ended(.success(bytes("ok")), at: at(60)) == [])
    #expect(dialog.ask(at: at(110))?.body == nil)
  }

  private static func scores(_ a: Int) -> String { #"42["scores","{\"a\":\#(a),\"b\":0}"]"# }

  @Test("a message of a socket tells of a moment after the request before the one that brought the message before it")
  func socket() throws {
    var dialog = try Self.dialog("socket.io:/socket.io/")
    try Self.session(&dialog)
    func hear(_ text: String, at moment: Int64) -> [String] {
      Self.words(dialog.ended(.success(Self.bytes(text)), at: Self.at(moment)))
    }
    #expect(hear("40{\"sid\":\"x\"}\u{1E}42[\"message\",{\"text\":\"Welcome!\"}]", at: 115) == [])
    _ = dialog.ask(at: Self.at(165))
    #expect(hear(Self.scores(1), at: 1000) == [], "the first may be of any age")
    #expect(dialog.deadline == Self.at(1050))
    _ = dialog.ask(at: Self.at(1050))
    // The one before came with the request of 165, so it was sent after that of 110.
    #expect(hear(Self.scores(2), at: 2000) == ["110...2000 a=2"])
    _ = dialog.ask(at: Self.at(2050))
    #expect(hear("2", at: 3000) == [])
    #expect(dialog.ask(at: Self.at(3050))?.body == "3", "a ping is answered")
    #expect(hear("ok", at: 3060) == [])
    _ = dialog.ask(at: Self.at(3110))
    #expect(
      hear([Self.scores(3), Self.scores(4)].joined(separator: "\u{1E}"), at: 4000) == [
        "165...4000 a=3", "2050...4000 a=4",
      ])
    _ = dialog.ask(at: Self.at(4050))
    #expect(hear("42[\"scores\",\"down\"]", at: 5000) == ["no JSON object with counts"])
  }

  @Test(
    "a session that breaks is called so, and another is begun",
    arguments: [
      ("1", "the server closed the session"), ("41", "the server closed the session"),
      ("44{\"message\":\"no\"}", "the server refused the connection"),
    ])
  func broken(packet: String, reason: String) throws {
    var dialog = try Self.dialog("socket.io:/socket.io/")
    try Self.session(&dialog)
    #expect(Self.words(dialog.ended(.success(Self.bytes(packet)), at: Self.at(200))) == [reason])
    #expect(dialog.ask(at: Self.at(400)) == nil)
    #expect(dialog.ask(at: Self.at(700))?.query == "EIO=4&transport=polling")
    #expect(Self.words(dialog.ended(.success(Self.bytes("<html>")), at: Self.at(710))) == ["no Engine.IO session"])
    _ = dialog.ask(at: Self.at(1300))
    #expect(
      Self.words(dialog.ended(.success(Self.bytes(#"0{"sid":"a&b"}"#)), at: Self.at(1310))) == ["no Engine.IO session"])
  }

  @Test("a server that answers at once is not asked more than twenty times a second")
  func calm() throws {
    var dialog = try Self.dialog("socket.io:/socket.io/")
    try Self.session(&dialog)
    var asked = 0
    for moment in Int64(120)..<1120 {
      _ = dialog.ended(.success(Self.bytes("6")), at: Self.at(moment))
      if dialog.ask(at: Self.at(moment)) != nil { asked += 1 }
    }
    #expect((19...21).contains(asked), "\(asked)")
  }
}
