import FoundationEssentials
import Testing

@testable import Sandbox

/// The two carriers of a command's streams, byte by byte.
@Suite("The streams of exec")
struct ExecStreamsTests {
  /// Headers packed by zlib with SPDY's dictionary, each flushed: three parts of one stream.
  static let packed = [
    ["ePnjxqfCAqYjRnA6KylKTcyFFiWsqaCABgAAAP//", "wioFTMwp+aUlAAAAAP//", "AmUqrHJAnSB9FUDCppICAAAAAP//"],
    [
      "eD/jxqfCABsA5P8AAAABAAAACnN0cmVhbXR5cGUAAAAFZXJyb3IAAAD//w==",
      "ABwA4/8AAAABAAAACnN0cmVhbXR5cGUAAAAGc3Rkb3V0AAAA//8=",
      "AGEAnv8AAAACAAAACnN0cmVhbXR5cGUAAAAGc3RkZXJyAAAAAXgAAAA8" + "eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5"
        + "eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5AAAA//8=",
    ],
  ]

  private static func headers(_ fields: [(String, String)]) -> [UInt8] {
    SPDYFrame.number(fields.count)
      + fields.flatMap {
        SPDYFrame.number($0.utf8.count) + Array($0.utf8) + SPDYFrame.number($1.utf8.count) + Array($1.utf8)
      }
  }

  @Test("headers are unpacked, also those that refer to earlier ones", arguments: packed)
  func unpacks(parts: [String]) throws {
    var inflater = Inflater(dictionary: SPDYDictionary.bytes)
    let long = String(repeating: "y", count: 60)
    let expected = [[("streamtype", "error")], [("streamtype", "stdout")], [("streamtype", "stderr"), ("x", long)]]
    for (part, fields) in zip(parts, expected) {
      let bytes = try #require(Base64.bytes(part))
      #expect(try inflater.unpack(bytes) == Self.headers(fields))
    }
  }

  @Test("what is cut off or changed is a fault, and never more than that")
  func damaged() throws {
    let whole = try #require(Base64.bytes(Self.packed[0][0]))
    for count in 7..<(whole.count - 5) {
      var inflater = Inflater(dictionary: SPDYDictionary.bytes)
      #expect(throws: ExecFault.self) { try inflater.unpack(Array(whole.prefix(count))) }
    }
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      var bytes = whole
      bytes[Int.random(in: 6..<bytes.count, using: &random)] = UInt8.random(in: 0 ... .max, using: &random)
      var inflater = Inflater(dictionary: SPDYDictionary.bytes)
      _ = try? inflater.unpack(bytes)
    }
  }

  // MARK: SPDY

  private static func opened(_ id: Int, _ packed: String) throws -> [UInt8] {
    let headers = try #require(Base64.bytes(packed))
    return SPDYFrame(
      kind: .control(SPDYFrame.openStream), payload: SPDYFrame.number(id) + [0, 0, 0, 0, 0, 0] + headers
    ).bytes
  }

  private static func request(input: Bool = false) throws -> ExecRequest {
    let pod: JSON = ["metadata": ["name": "p", "uid": "u"], "spec": ["containers": [["name": "c"]]]]
    return try ExecRequest(
      APIRequest(method: "POST", target: "/exec?command=a&command=b&stdout=true\(input ? "&stdin=true" : "")"), pod: pod
    )
  }

  @Test("what kubectl 1.20 sends opens its streams, in pieces of any size", arguments: [1, 2, 7, 1_000])
  func opens(size: Int) throws {
    var streams = SPDYStreams(try Self.request())
    let all =
      try Self.opened(1, "ePnjxqfCYmBgYASns5Ki1MRcaFHCmgoKaAAAAAD//w==")
      + Self.opened(3, "wirFVlySkl9aAgAAAP//")
    var replies: [[UInt8]] = []
    for start in stride(from: 0, to: all.count, by: size) {
      #expect(!streams.areOpen)
      for case .reply(let bytes) in try streams.take(Array(all[start..<min(all.count, start + size)])) {
        replies.append(bytes)
      }
    }
    #expect(streams.areOpen && replies.count == 2)
    let head: [UInt8] = [0x80, 3, 0, 2, 0, 0, 0]
    let none: [UInt8] = [0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
    #expect(replies.first == head + [24, 0, 0, 0, 1, 0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2] + none)
    #expect(replies.last == head + [18, 0, 0, 0, 3] + none)
    #expect(streams.carrying([65], of: .output) == [0, 0, 0, 3, 0, 0, 0, 1, 65])
    #expect(streams.carrying([65], of: .errors).isEmpty)
  }
}
