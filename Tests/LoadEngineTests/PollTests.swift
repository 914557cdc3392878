import Bench
import LoadEngine
import TestSupport
import Testing

extension LoadEngineTests {
  @Suite("Polls of the tally")
  struct PollTests {
    @Test("a poll gives the counts it read, or says why it gives none")
    func results() async throws {
      let replies: [(reply: RawServer.Reply, counts: [String: Int]?, reason: String)] = [
        (.answer(#"{"a":3,"b":4,"total":7}"#), ["a": 3, "b": 4], ""),
        (.answer(#"{"a":3,"#), nil, "no JSON"),
        (.answer("busy", status: 503), nil, Cause.status(503).name),
        (.answer(#"{"a":3,"b":4,"total":8}"#), nil, "a total that is not the sum of the counts"),
        (.answer(#"{"a":4,"total":4}"#, after: .milliseconds(350)), ["a": 4], ""),
        (.answer("{}"), [:], ""),
        (.close, nil, Cause.resendBlocked.name),
        (.close, nil, Cause.curl(52).name),
        (.answer(#"{"a":5}"#), ["a": 5], ""),
      ]
      let behaviour = RawServer.toPolls { $0.number <= replies.count ? replies[$0.number - 1].reply : .silence }
      try await RawServer.with(behaviour) { server in
        let recording = try await Recording(.plain(port: server.port)) { _, recording, engine in
          if recording.tallies.count + recording.tallyFailures.count == replies.count { engine.quit() }
        }
        var polls: [(counts: [String: Int]?, reason: String)] = []
        for event in recording.events {
          if case .tally(let sample, _) = event { polls.append((sample.counts, "")) }
          if case .tallyFailed(_, let reason) = event { polls.append((nil, reason)) }
        }
        #expect(polls.map(\.counts) == replies.map(\.counts))
        #expect(polls.map(\.reason) == replies.map(\.reason))
        let samples = recording.tallies
        #expect(samples.allSatisfy { $0.sent < $0.received })
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.received <= $1.sent })
        #expect(server.requests.count { $0.path == "/result" } <= replies.count + 1)
      }
    }

    @Test("a source that hangs, lies about its length or sends without end is a failure by its reason, and polls go on")
    func misbehaving() async throws {
      let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      let replies: [RawServer.Reply] = [
        .bytes(head + "Content-Length: 1000\r\n\r\n{\"a\":1}"), .bytes(head + "Content-Length: 4\r\n\r\n{\"a\":1}"),
        .answer(String(repeating: " ", count: 300_000) + #"{"a":1}"#), .bytes("HTTP/1.1 200 OK\r\nbroken"),
        .answer(#"{"a":7}"#), .silence,
      ]
      let behaviour = RawServer.toPolls { $0.number <= replies.count ? replies[$0.number - 1] : .silence }
      try await RawServer.with(behaviour) { server in
        var configuration = EngineConfiguration.plain(port: server.port, pollInterval: .milliseconds(50))
        configuration.timeout = .milliseconds(400)
        let recording = try await Recording(configuration) { _, recording, engine in
          if recording.tallies.count + recording.tallyFailures.count == replies.count { engine.quit() }
        }
        #expect(recording.tallies.map { $0["a"] } == [7])
        let reasons = recording.tallyFailures
        try #require(reasons.count == 5, "\(reasons)")
        #expect(reasons[0] == Cause.curl(18).name && reasons[1] == "no JSON", "\(reasons)")
        #expect(reasons[2] == "an answer of more than 262144 bytes", "\(reasons)")
        #expect(!reasons[3].isEmpty && reasons[4] == Cause.curl(28).name, "\(reasons)")
      }
    }

    @Test("a stream that ends is asked for anew; of each the first message is left out, which may be of any age")
    func streams() async throws {
      let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
      let events = (1...4).map { "data: {\"a\":\($0)}\n\n" }.joined()
      let behaviour: RawServer.Behaviour = { $0.path == "/stream" ? .bytes(head + events) : .accepted }
      try await RawServer.with(behaviour) { server in
        var configuration = EngineConfiguration.plain(port: server.port, pollInterval: .milliseconds(50))
        configuration.tallySources = ["json:/none", "sse:/stream"].compactMap { TallySource($0, choices: ["a"]) }
        let recording = try await Recording(configuration) { _, recording, engine in
          if recording.tallies.count >= 9 { engine.quit() }
        }
        let samples = recording.tallies
        #expect(samples.map { $0["a"] }.prefix(9) == [2, 3, 4, 2, 3, 4, 2, 3, 4])
        #expect(samples.allSatisfy { $0.source == 1 && $0.sent < $0.received })
        #expect(Set(recording.tallyFailures) == ["a count that is no whole number from 0 to 2^44"])
      }
    }

    @Test("polls keep their rhythm and never overlap, however slow the answers", arguments: [30, 130])
    func rhythm(delay: Int) async throws {
      let behaviour = RawServer.toPolls { _ in .answer(#"{"a":1}"#, after: .milliseconds(delay)) }
      try await RawServer.with(behaviour) { server in
        let interval = Duration.milliseconds(100)
        let recording = try await Recording(.plain(port: server.port, pollInterval: interval)) { _, recording, engine in
          if recording.tallies.count == 12 { engine.quit() }
        }
        let samples = recording.tallies
        let first = try #require(samples.first)
        #expect(recording.tallyFailures.isEmpty)
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.received <= $1.sent })
        #expect(samples.enumerated().allSatisfy { $1.sent >= first.sent + interval * max(0, $0 - 1) })
        // An answer within the interval does not shift the polls after it: if each did, the last one would be late by
        // the time that all answers took.
        let drift = (samples[11].sent - first.sent - interval * 11).seconds
        let waits = samples.dropLast().map { ($0.received - $0.sent).seconds }.reduce(0, +)
        if delay < 100 { #expect(drift < waits - 11 * Double(delay) / 2000) }
      }
    }
  }
}
