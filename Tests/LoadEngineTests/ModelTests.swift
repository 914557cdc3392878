import Bench
import LoadEngine
import TestSupport
import Testing

extension LoadEngineTests {
  @Suite("Load models and threads")
  struct ModelTests {
    @Test(
      "the closed model keeps as many votes under way as it has users")
    func closed() async throws {
      try await onBothLanes { lane in
        let behaviour = RawServer.toVotes { _ in .answer(#"{"vote":"a"}"#, after: .milliseconds(5)) }
        try await RawServer.with(behaviour) { server in
          var configuration = EngineConfiguration.plain(port: server.port, connections: 4, lane: lane)
          configuration.schedule = Schedule(.closed(users: 4))
          let recording = try await Recording.voting(configuration, for: .seconds(1))
          let votes = recording.votes.sorted { $0.index < $1.index }
          #expect(votes.map(\.index) == Array(0..<votes.count) && votes.count > 40 && server.posts.count == votes.count)
          #expect(votes.allSatisfy { $0.outcome == .accepted && $0.startLag == 0 && $0.intended == $0.actual })
          #expect(votes.allSatisfy { $0.actual < recording.origin + .seconds(1) })
          // Ends before beginnings: a vote begins when another has ended.
          let changes = votes.flatMap { [($0.actual, 1), ($0.completed, -1)] }.sorted { $0 < $1 }
          let underWay = changes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.1) }
          #expect(underWay.max() == 4)
          #expect(recording.figures?.backlogMaximum == 1)
        }
      }
    }

    @Test(
      "votes are due when the schedule says, and are sent in that order")
    func schedules() async throws {
      try await onBothLanes { lane in
        let stages = try #require(Schedule.Stage.list("300ms@100,400ms@100..400,300ms@50"))
        let behaviour = RawServer.toVotes { _ in .accepted }
        for schedule in [Schedule(.poisson(ArrivalRate(votesPerSecond: 200), seed: 3)), Schedule(.stages(stages))] {
          try await RawServer.with(behaviour) { server in
            var configuration = EngineConfiguration.plain(port: server.port, connections: 16, lane: lane)
            configuration.schedule = schedule
            let recording = try await Recording.voting(configuration, for: .seconds(1))
            var cursor = schedule.cursor(at: 0)
            var due: [MonotonicTime] = []
            while cursor.offset < 1_000_000_000 {
              due.append(recording.origin + .nanoseconds(cursor.offset))
              cursor.advance(by: 1)
            }
            let votes = recording.votes.sorted { $0.index < $1.index }
            #expect(votes.map(\.intended) == due && due.count > 100)
            #expect(zip(votes, votes.dropFirst()).allSatisfy { $0.actual <= $1.actual })
            #expect(votes.allSatisfy { $0.outcome == .accepted })
            let ids = Set(votes.map { configuration.ballot.requestID(of: $0.index) })
            #expect(server.posts.count == votes.count && Set(server.posts.map(\.requestID)) == ids)
          }
        }
      }
    }

    @Test("votes are dealt out to the threads by their index")
    func threads() async throws {
      try await onBothLanes { lane in
        try await withStage { stage in
          let nginx = try await Nginx(on: stage)
          var configuration = EngineConfiguration.secure(nginx, rate: 300, connections: 7, lane: lane)
          configuration.threads = 3
          let recording = try await Recording.voting(configuration, for: .seconds(1))
          #expect(recording.votes.map(\.index).sorted() == Array(0..<300))
          #expect(recording.votes.allSatisfy { $0.outcome == .accepted && !$0.isFresh })
          let posts = try await nginx.posts(300)
          let entries = Dictionary(uniqueKeysWithValues: posts.map { ($0.requestID, $0.connection) })
          #expect(entries.count == 300 && posts.count == 300)
          // A connection belongs to one thread, and so do the votes on it.
          var threadOf: [Int: Int] = [:]
          for vote in recording.votes {
            let connection = try #require(entries[configuration.ballot.requestID(of: vote.index)])
            #expect(threadOf[connection, default: vote.index % 3] == vote.index % 3)
            threadOf[connection] = vote.index % 3
          }
          #expect(Set(threadOf.values) == [0, 1, 2] && recording.openings.count == 7)
          let told = recording.events.count { if case .connected = $0 { true } else { false } }
          let ended = recording.events.count { if case .votesEnded = $0 { true } else { false } }
          let figures = try #require(recording.figures)
          #expect(told == 1 && ended == 1 && figures.threads == 3 && figures.processorTime > .zero)
          #expect(figures.backlogMaximum >= 3)
        }
      }
    }

    @Test("a kernel without epoll_pwait2 keeps the schedule as well")
    func timerDescriptor() async throws {
      try await withStage { stage in
        let nginx = try await Nginx(on: stage)
        var medians: [Int64] = []
        for usesTimer in [false, true] {
          var configuration = EngineConfiguration.secure(nginx, rate: 300, connections: 8)
          configuration.usesTimerDescriptor = usesTimer
          let recording = try await Recording.voting(configuration, for: .seconds(1))
          #expect(recording.votes.map(\.index).sorted() == Array(0..<300))
          #expect(recording.votes.allSatisfy { $0.outcome == .accepted })
          medians.append(recording.votes.map(\.startLag).sorted()[150])
          // Neither of them spins.
          #expect(try #require(recording.figures).processorTime < .milliseconds(700))
        }
        #expect(medians[1] < medians[0] * 10 + 500_000, "\(medians)")
      }
    }

    @Test("probes of a control target are counted apart")
    func control() async throws {
      try await sideBySide([true, false]) { isUp in
        let behaviour = RawServer.toVotes { _ in .accepted }
        try await RawServer.with(behaviour) { server in
          var configuration = EngineConfiguration.plain(port: server.port)
          configuration.controlURL = "http://127.0.0.1:\(isUp ? server.port : try FreePort.next())/control"
          let recording = try await Recording.voting(configuration, for: .milliseconds(1500))
          #expect(recording.votes.count == 30 && recording.votes.allSatisfy { $0.outcome == .accepted })
          let control = try #require(recording.figures?.control)
          #expect(control.probes >= 2 && control.failures.count == (isUp ? 0 : control.probes))
          #expect((control.slowest != nil) == isUp)
          #expect(server.requests.count { $0.path == "/control" } == (isUp ? control.probes : 0))
        }
      }
    }

    @Test("who answers is named by headers or by the body, 254 of them")
    func responders() async throws {
      try await onBothLanes { lane in
        try await withStage { stage in
          let vote = #"add_header X-Revision v2; return 200 '{"vote":"a","pod":"$request_id"}'"#
          let nginx = try await Nginx(on: stage, vote: vote)
          var configuration = EngineConfiguration.secure(nginx, rate: 300, connections: 8, lane: lane)
          configuration.podPattern = .init(#""pod":"*""#)
          configuration.versionHeader = "X-Revision"
          let recording = try await Recording.voting(configuration, for: .seconds(1))
          let responders = try #require(recording.figures?.responders)
          #expect(responders.count == 254 && Set(responders.map(\.pod)).count == 254)
          #expect(responders.allSatisfy { $0.version == "v2" && $0.pod.utf8.count == 32 })
          // The others share the last number.
          #expect(recording.votes.map(\.pod).sorted() == (1...254).map { UInt8($0) } + Array(repeating: 255, count: 46))
        }
      }
    }
  }
}
