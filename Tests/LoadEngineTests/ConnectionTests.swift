import Bench
import Glibc
import LoadEngine
import TestSupport
import Testing

extension LoadEngineTests {
  @Suite("Connections")
  struct ConnectionTests {
    struct Share: Sendable {
      var lane: EngineConfiguration.Lane
      var fresh: Double
      static let all = EngineConfiguration.Lane.allCases.flatMap { lane in
        [0.25, 1].map { Share(lane: lane, fresh: $0) }
      }
    }

    @Test("votes of the share that is planned for it take a new connection each, the others none")
    func freshShare() async throws {
      try await sideBySide(Share.all) { share in
        try await withStage { stage in
          let nginx = try await Nginx(on: stage)
          var configuration = EngineConfiguration.secure(nginx, rate: 200, connections: 6, lane: share.lane)
          configuration.freshShare = share.fresh
          let recording = try await Recording.voting(configuration, for: .seconds(1))
          let planned = VoteSelection(
            shard: 0, shards: 1, cohort: .fresh, freshShare: share.fresh, seed: configuration.ballot.seed)
          #expect(recording.votes.map(\.index).sorted() == Array(0..<200))
          #expect(recording.votes.allSatisfy { $0.outcome == .accepted && $0.isFresh == planned.contains($0.index) })
          let posts = try await nginx.posts(200)
          let entries = Dictionary(uniqueKeysWithValues: posts.map { ($0.requestID, $0) })
          #expect(entries.count == 200)
          for vote in recording.votes {
            let entry = try #require(entries[configuration.ballot.requestID(of: vote.index)])
            #expect((entry.place == 1) == vote.isFresh)
          }
          let fresh = recording.votes.filter(\.isFresh).map(\.index)
          #expect(posts.count { $0.place == 1 } == fresh.count && !fresh.isEmpty)
          // The times of each were told, and of each kept one that was opened before.
          #expect(recording.openings.compactMap(\.vote).sorted() == fresh.sorted())
          #expect(recording.openings.count { $0.vote == nil } == 6)
          #expect(recording.openings.allSatisfy { $0.connect != nil && $0.tls != nil && $0.firstByte != nil })
        }
      }
    }

    @Test("a vote that was never sent, or never answered, counts among those that were planned for its connection")
    func neverSent() async throws {
      // New connections alone are silent: their votes find none that is free.
      let behaviour = RawServer.toVotes { $0.place == 1 ? .silence : .accepted }
      try await onBothLanes { lane in
        try await RawServer.with(behaviour) { server in
          var configuration = EngineConfiguration.plain(
            port: server.port, rate: 100, timeout: .milliseconds(300), lane: lane)
          configuration.freshShare = 0.5
          let recording = try await Recording(configuration) { event, recording, engine in
            switch event {
            case .connected:
              recording.origin = .now + .milliseconds(50)
              engine.begin(at: recording.origin)
            case .votes(let votes, _) where votes.contains { $0.cause == .noConnectionFree }: engine.quit()
            default: break
            }
          }
          let planned = VoteSelection(
            shard: 0, shards: 1, cohort: .fresh, freshShare: 0.5, seed: configuration.ballot.seed)
          let votes = recording.votes
          #expect(votes.allSatisfy { $0.isFresh == planned.contains($0.index) })
          #expect(votes.contains { $0.cause == .noConnectionFree })
          #expect(votes.contains { $0.outcome == .dropped && $0.cause == .runEnded })
          #expect(votes.contains { $0.outcome == .indeterminate && $0.cause == .runEnded })
          #expect(votes.filter { $0.outcome != .accepted }.allSatisfy(\.isFresh) && votes.contains { !$0.isFresh })
        }
      }
    }

    @Test("a connection that has reached its age takes no further vote")
    func age() async throws {
      try await onBothLanes { lane in
        try await withStage { stage in
          let nginx = try await Nginx(on: stage)
          var configuration = EngineConfiguration.secure(nginx, rate: 40, connections: 2, lane: lane)
          configuration.maximumConnectionAge = .seconds(1)
          let recording = try await Recording.voting(configuration, for: .seconds(3))
          #expect(recording.votes.count == 120 && recording.votes.allSatisfy { $0.outcome == .accepted })
          let fresh = recording.votes.count { $0.isFresh }
          let posts = try await nginx.posts(120)
          #expect(posts.count == 120)
          // One connection is enough for the votes, and lives for 1 s, of which libcurl counts whole ones.
          #expect((1...8).contains(fresh) && posts.count { $0.place == 1 } == fresh)
        }
      }
    }

    @Test("votes come from the address that is asked for")
    func source() async throws {
      try await onBothLanes { lane in
        try await withStage { stage in
          let nginx = try await Nginx(on: stage)
          var configuration = EngineConfiguration.secure(nginx, rate: 50, lane: lane)
          configuration.sourceAddress = "127.0.0.2"
          configuration.freshShare = 0.5
          let recording = try await Recording.voting(configuration, for: .milliseconds(400))
          #expect(recording.votes.count == 20 && recording.votes.allSatisfy { $0.outcome == .accepted })
          let posts = try await nginx.posts(20)
          #expect(posts.count == 20 && posts.allSatisfy { $0.address == "127.0.0.2" })
        }
      }
    }

    @Test("a client with a certificate is let in, one without is not")
    func clientCertificate() async throws {
      try await onBothLanes { lane in
        try await withStage { stage in
          let verify = "ssl_client_certificate \(stage.folder)/tls.crt; ssl_verify_client on;"
          let nginx = try await Nginx(on: stage, more: verify)
          var configuration = EngineConfiguration.secure(nginx, lane: lane)
          let refused = try await Recording(configuration) { _, _, _ in }
          #expect(refused.failures.map(\.code) == [.unreachable] && refused.votes.isEmpty)
          configuration.clientCertificate = nginx.certificate
          configuration.clientKey = nginx.key
          let recording = try await Recording.voting(configuration, for: .milliseconds(200))
          #expect(recording.votes.count == 4 && recording.votes.allSatisfy { $0.outcome == .accepted })
        }
      }
    }

    @Test("a target may be an address of IPv6")
    func addressSix() async throws {
      try await onBothLanes { lane in
        try await withStage { stage in
          let nginx = try await Nginx(on: stage)
          var configuration = EngineConfiguration.secure(nginx, lane: lane)
          configuration.origin = "https://[::1]:\(nginx.port)"
          configuration.resolve = nil
          configuration.acceptsAnyCertificate = true
          let recording = try await Recording.voting(configuration, for: .milliseconds(200))
          #expect(recording.votes.count == 4 && recording.votes.allSatisfy { $0.outcome == .accepted })
          #expect(try await nginx.posts(4).allSatisfy { $0.address == "::1" })
        }
      }
    }

    /// The environment belongs to a process.
    @Test("proxies that the environment names are not asked")
    func proxies() async {
      await #expect(processExitsWith: .success) {
        for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
          setenv(name, "http://127.0.0.1:1", 1)
        }
        try await withStage { stage in
          let nginx = try await Nginx(on: stage)
          for lane in EngineConfiguration.Lane.allCases {
            let recording = try await Recording.voting(.secure(nginx, lane: lane), for: .milliseconds(200))
            try #require(recording.votes.count == 4 && recording.votes.allSatisfy { $0.outcome == .accepted })
          }
        }
      }
    }

    struct Multiplexing: Sendable {
      var connections: Int
      var streams: Int
    }

    @Test(
      "HTTP/2 has every vote once, on many connections or on one with many streams")
    func multiplexing() async throws {
      try await sideBySide([Multiplexing(connections: 64, streams: 1), Multiplexing(connections: 1, streams: 16)]) {
        form in
        try await withStage { stage in
          let nginx = try await Nginx(on: stage, options: "http2")
          var configuration = EngineConfiguration.secure(
            nginx, rate: 600, connections: form.connections, lane: .transfer)
          configuration.http = .two
          configuration.streams = form.streams
          let recording = try await Recording.voting(configuration, for: .seconds(2))
          #expect(recording.votes.map(\.index).sorted() == Array(0..<1200))
          let bad = recording.votes.filter { $0.outcome != .accepted || $0.resends > 0 || $0.isFresh }
          #expect(bad.isEmpty, "\(Set(bad.map(\.cause.name)))")
          let posts = try await nginx.posts(1200)
          #expect(posts.count == 1200 && Set(posts.map(\.requestID)).count == 1200)
          #expect(Set(posts.map(\.connection)).count <= form.connections && recording.figures?.http == "2")
        }
      }
    }

    @Test(
      "idle connections cost nothing, also when the server closes them")
    func idle() async throws {
      try await sideBySide(EngineConfiguration.HTTPVersion.allCases) { version in
        try await withStage { stage in
          let nginx = try await Nginx(
            on: stage, options: version == .two ? "http2" : "", more: "keepalive_timeout 1s;")
          let lanes = version == .two ? [.transfer] : EngineConfiguration.Lane.allCases
          try await sideBySide(lanes) { lane in
            var configuration = EngineConfiguration.secure(nginx, connections: 8, lane: lane)
            configuration.http = version
            configuration.pollInterval = .seconds(60)
            // Two votes, and 2.5 s between them.
            configuration.schedule = Schedule(rate: try #require(ArrivalRate("24/m")))
            let recording = try await Recording.voting(configuration, for: .seconds(3))
            #expect(recording.votes.count == 2 && recording.votes.allSatisfy { $0.outcome == .accepted })
            #expect(recording.votes.map(\.isFresh) == [false, true])
            #expect(try #require(recording.figures).processorTime < .milliseconds(150), "\(lane)")
          }
        }
      }
    }
  }
}

extension Nginx {
  /// The votes of the access log, once there are as many.
  func posts(_ count: Int) async throws -> [Entry] {
    try await waitUntil("nginx has logged every vote") { try entries().count { $0.method == "POST" } >= count }
    return try entries().filter { $0.method == "POST" }
  }
}

extension Recording {
  /// The connections that were told of.
  var openings: [ConnectionTimes] {
    events.flatMap { event -> [ConnectionTimes] in
      if case .connections(let times) = event { times } else { [] }
    }
  }
}
