import Bench
import Glibc
import LoadEngine
import Synchronization
import TestSupport
import Testing

extension LoadEngineTests {
  @Suite("Pacing")
  struct PacingTests {
    @Test("every due vote is sent once, over connections opened before the first")
    func countsAndConnections() async throws {
      try await withStage { stage in
        let nginx = try await Nginx(on: stage)
        let configuration = EngineConfiguration.secure(nginx, rate: 500, connections: 16)
        let recording = try await Recording.voting(configuration, for: .seconds(2))
        let votes = recording.votes
        #expect(votes.count == 1000)
        let sent = recording.events.reduce(0) { if case .votes(_, let sent) = $1 { $0 + sent } else { $0 } }
        #expect(sent == 1000)
        #expect(votes.map(\.index).sorted() == Array(0..<1000))
        #expect(votes.allSatisfy { $0.outcome == .accepted && $0.cause == .none && $0.resends == 0 && !$0.isFresh })
        #expect(
          votes.allSatisfy {
            $0.intended == recording.origin + .milliseconds(2 * $0.index) && $0.intended <= $0.actual
              && $0.actual <= $0.completed && $0.startLag >= 0
          })

        try await waitUntil("nginx has logged every vote") { try nginx.entries().count { $0.method == "POST" } >= 1000 }
        let entries = try nginx.entries()
        let posts = entries.filter { $0.method == "POST" }
        #expect(posts.count == 1000)
        #expect(Set(posts.map(\.requestID)) == Set((0..<1000).map(configuration.ballot.requestID(of:))))
        #expect(posts.allSatisfy { $0.place > 1 })
        #expect(Set(entries.filter { $0.path == "/vote" }.map(\.connection)).count == 16)
        #expect(Set(entries.filter { $0.path == "/result" }.map(\.connection)).count == 1)
        #expect(Set(entries.map(\.connection)).count == 17)
      }
    }

    @Test("votes due while the server stands still count from when they were due")
    func coordinatedOmission() async throws {
      try await withStage { stage in
        let nginx = try await Nginx(on: stage)
        let stop = Mutex((from: MonotonicTime.now, until: MonotonicTime.now))
        let recording = try await Recording.voting(
          .secure(nginx, rate: 500, connections: 8), for: .seconds(3)
        ) { origin in
          try await waitUntil("a second has passed") { MonotonicTime.now >= origin + .seconds(1) }
          nginx.process.signal(SIGSTOP)
          let from = MonotonicTime.now
          try await waitUntil("another second has passed") { MonotonicTime.now >= from + .seconds(1) }
          stop.withLock { $0 = (from, MonotonicTime.now) }
          nginx.process.signal(SIGCONT)
        }
        let (from, until) = stop.withLock { $0 }
        #expect(recording.votes.count == 1500)
        #expect(recording.votes.allSatisfy { $0.outcome == .accepted })

        let due = recording.votes.filter { $0.intended >= from && $0.intended < until }
        let half = (until - from).seconds / 2
        #expect(due.count >= 450)
        #expect(due.count { $0.responseTime > half } * 10 >= due.count * 4)
        // Those that were sent found every connection taken by one of them: the rest waited, and was sent afterwards.
        #expect(due.count { $0.actual < until } <= 8)
        #expect(recording.figures?.backlogMaximum ?? 0 >= 400)
        let lag = recording.votes.map { Double($0.startLag) / 1e9 }.reduce(0, +)
        let wait = recording.votes.map(\.slotWait).reduce(0, +)
        #expect(lag * 4 < wait)
      }
    }

    @Test("without answers every due vote still has one outcome, and what was never sent is dropped")
    func silence() async throws {
      let behaviour = RawServer.toVotes { _ in .silence }
      try await RawServer.with(behaviour) { server in
        let timeout = Duration.milliseconds(500)
        let began = MonotonicTime.now
        let recording = try await Recording.voting(
          .plain(port: server.port, rate: 20, connections: 2, timeout: timeout), for: .seconds(2))
        let votes = recording.votes
        let figures = try #require(recording.figures)
        #expect(votes.map(\.index).sorted() == Array(0..<40))
        let dropped = votes.filter { $0.outcome == .dropped }
        let sent = votes.filter { $0.outcome != .dropped }
        #expect(dropped.allSatisfy { $0.cause == .noConnectionFree && $0.completed >= $0.intended + timeout })
        #expect(sent.allSatisfy { $0.outcome == .indeterminate && $0.cause.name == "timeout" })
        #expect(sent.allSatisfy { $0.actual < $0.intended + timeout && $0.completed >= $0.actual + timeout })
        #expect(sent.count == server.posts.count && !dropped.isEmpty)
        // That votes are sent is told while none of them comes back.
        let told = recording.events.compactMap { event in
          if case .votes(let votes, let sent) = event { (ended: votes.count, sent: sent) } else { nil }
        }
        #expect(told.reduce(0) { $0 + $1.sent } == sent.count)
        #expect(told.contains { $0.ended == 0 && $0.sent > 0 }, "\(told)")
        // What waits is bounded by rate x timeout; a drop that came late lets it grow for as long.
        let late = dropped.map { ($0.completed - $0.intended - timeout).seconds }.max() ?? 0
        #expect(Double(figures.backlogMaximum) <= 20 * (timeout.seconds + late) + 2)
        // Waiting with every connection busy is waiting, not spinning.
        #expect(figures.processorTime < (MonotonicTime.now - began) / 10)
      }
    }

    @Test("a connection that is free again is used at once, whatever else happens")
    func refusedAtOnce() async throws {
      // In the middle of the run nobody listens any more, and every vote fails as soon as it is sent.
      try await withStage { stage in
        let nginx = try await Nginx(on: stage)
        let recording = try await Recording.voting(.secure(nginx, rate: 200, connections: 1), for: .seconds(2)) {
          origin in
          try await waitUntil("half a second has passed") { MonotonicTime.now >= origin + .milliseconds(500) }
          nginx.process.signal(SIGKILL)
        }
        #expect(recording.votes.map(\.index).sorted() == Array(0..<400))
        let refused = recording.votes.filter { $0.cause.name == "connect-refused" }
        #expect(refused.count >= 250)
        // The vote in hand when the server went had been sent, before libcurl tried to connect anew: nobody can know.
        let inHand = refused.filter { $0.outcome != .refused }
        #expect(inHand.count <= 1 && inHand.allSatisfy { $0.outcome == .indeterminate })
        // Most go before the next one is due. Left to the next event, each would wait until the last ones are reported.
        let waits = refused.map(\.slotWait).sorted()
        #expect(waits[waits.count / 2] < 0.005)
      }
    }

    @Test("votes due before the end are owed, none after it is sent", arguments: [true, false])
    func ends(beforeItBegins: Bool) async throws {
      let behaviour = RawServer.toVotes { _ in .accepted }
      try await RawServer.with(behaviour) { server in
        let end = Mutex(MonotonicTime.now)
        let recording = try await Recording(.plain(port: server.port, rate: 100)) { event, recording, engine in
          switch event {
          case .connected:
            recording.origin = .now + .milliseconds(500)
            if beforeItBegins { engine.endVotes(at: recording.origin + .seconds(1)) }
            engine.begin(at: recording.origin)
          case .votes(let votes, _) where !beforeItBegins && votes.contains { $0.index == 50 }:
            // Now, in the middle.
            end.withLock { $0 = .now }
            engine.endVotes(at: end.withLock { $0 })
          case .votesEnded: engine.quit()
          default: break
          }
        }
        if beforeItBegins { end.withLock { $0 = recording.origin + .seconds(1) } }
        let indices = recording.votes.map(\.index).sorted()
        #expect(indices == Array(0..<indices.count))
        #expect(recording.votes.allSatisfy { $0.outcome == .accepted && $0.intended < end.withLock { $0 } })
        #expect(recording.origin + .milliseconds(10 * indices.count) >= end.withLock { $0 })
        #expect(server.posts.count == indices.count)
        let order = recording.events.compactMap { event -> String? in
          switch event {
          case .votes: "votes"
          case .votesEnded: "ended"
          case .stopped: "stopped"
          default: nil
          }
        }
        #expect(order.suffix(3) == ["votes", "ended", "stopped"] && order.count { $0 == "ended" } == 1)
      }
    }

    @Test("votes in hand when the engine is told to quit become indeterminate")
    func quits() async throws {
      let behaviour = RawServer.toVotes { _ in .silence }
      try await RawServer.with(behaviour) { server in
        let recording = try await Recording(.plain(port: server.port, rate: 30, connections: 3)) { event, _, engine in
          guard case .connected = event else { return }
          engine.begin(at: .now)
          try await waitUntil("three votes are under way") { server.posts.count == 3 }
          engine.quit()
        }
        #expect(recording.votes.count == 3)
        #expect(recording.votes.allSatisfy { $0.outcome == .indeterminate && $0.cause == .runEnded })
        #expect(recording.figures != nil)
      }
    }
  }
}
