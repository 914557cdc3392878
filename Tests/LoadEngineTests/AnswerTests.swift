import Bench
import LoadEngine
import TestSupport
import Testing

extension LoadEngineTests {
  @Suite("Answers")
  struct AnswerTests {
    @Test(
      "a kept connection that closes without an answer makes no vote be sent twice")
    func resends() async throws {
      try await sideBySide(EngineConfiguration.Lane.allCases) { lane in
        // What comes first on a connection is answered; a vote on a kept one is read, and the connection closed.
        let behaviour = RawServer.toVotes { $0.place == 1 ? .accepted : .close }
        try await RawServer.with(behaviour) { server in
          let configuration = EngineConfiguration.plain(port: server.port, rate: 20, connections: 4, lane: lane)
          let recording = try await Recording.voting(configuration, for: .seconds(2))
          let expected = Set((0..<40).map(configuration.ballot.requestID(of:)))
          #expect(recording.votes.count == 40)
          #expect(server.posts.count == 40 && Set(server.posts.map(\.requestID)) == expected)
          let closed = Set(server.posts.filter { $0.place > 1 }.map(\.requestID))
          #expect(closed.count >= 10 && closed.count < 40)
          for vote in recording.votes {
            let wasClosed = closed.contains(configuration.ballot.requestID(of: vote.index))
            #expect(vote.outcome == (wasClosed ? .indeterminate : .accepted))
            #expect(vote.cause == (!wasClosed ? .none : lane == .direct ? .curl(52) : .resendBlocked))
            #expect(vote.resends == 0)
            #expect(!wasClosed || !vote.isFresh)
          }
        }
      }
    }

    @Test("pods are numbered in the order of their first answer, and known by name")
    func pods() async throws {
      let behaviour = RawServer.toVotes { .answer(#"{"vote":"a"}"#, pod: "pod-\($0.number / 5 % 3)") }
      try await RawServer.with(behaviour) { server in
        let configuration = EngineConfiguration.plain(port: server.port, rate: 50)
        let recording = try await Recording.voting(configuration, for: .seconds(1))
        let names = try #require(recording.figures?.responders.map(\.pod))
        #expect(names.sorted() == ["pod-0", "pod-1", "pod-2"])
        let sent = Dictionary(uniqueKeysWithValues: server.posts.map { ($0.requestID, "pod-\($0.number / 5 % 3)") })
        var seen: [UInt8] = []
        for vote in recording.votes {
          let name = try #require(vote.pod > 0 ? names[Int(vote.pod) - 1] : nil)
          #expect(name == sent[configuration.ballot.requestID(of: vote.index)])
          if !seen.contains(vote.pod) { seen.append(vote.pod) }
        }
        #expect(recording.votes.count == 50 && seen == [1, 2, 3])
      }
    }
  }
}
