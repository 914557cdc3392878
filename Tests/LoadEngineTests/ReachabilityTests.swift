import Bench
import LoadEngine
import TestSupport
import Testing

extension LoadEngineTests {
  @Suite("A target that cannot be reached")
  struct ReachabilityTests {
    /// Nothing but one error may come of it, long before any vote is due.
    private func expectUnreachable(_ configuration: EngineConfiguration, _ cause: String) async throws {
      let recording = try await Recording(configuration) { _, _, _ in }
      #expect(recording.events.count == 1)
      let error = try #require(recording.failures.first)
      #expect(error.code == .unreachable)
      #expect(error.cause.contains(cause), "\(error)")
      #expect(error.description.contains(configuration.origin))
    }

    @Test("nobody listens")
    func refused() async throws {
      try await expectUnreachable(.plain(port: try FreePort.next()), "connect")
    }

    @Test("the name does not resolve")
    func unknownName() async throws {
      var configuration = EngineConfiguration.plain(port: 80, timeout: .seconds(5))
      configuration.origin = "http://votes.invalid"
      try await expectUnreachable(configuration, "")
    }

    @Test("the certificate is not trusted, or is for another name", arguments: [true, false])
    func untrusted(hasAuthority: Bool) async throws {
      try await withStage { stage in
        let nginx = try await Nginx(on: stage)
        var configuration = EngineConfiguration.secure(nginx)
        if hasAuthority {
          configuration.origin = "https://elsewhere.local:\(nginx.port)"
          configuration.resolve = "elsewhere.local:\(nginx.port):127.0.0.1"
        } else {
          configuration.caCertificate = nil
        }
        try await expectUnreachable(configuration, "certificate")
        configuration.acceptsAnyCertificate = true
        let recording = try await Recording.voting(configuration, for: .milliseconds(200))
        #expect(recording.votes.count == 4 && recording.votes.allSatisfy { $0.outcome == .accepted })
      }
    }

    @Test("the vote path is not ready", arguments: [404, 503])
    func status(_ status: Int) async throws {
      try await withStage { stage in
        let nginx = try await Nginx(on: stage, vote: "return \(status)")
        try await expectUnreachable(.secure(nginx), "\(status)")
      }
    }

    @Test("it takes connections, and never answers")
    func silent() async throws {
      let behaviour: RawServer.Behaviour = { _ in .silence }
      try await RawServer.with(behaviour) { server in
        try await expectUnreachable(.plain(port: server.port, timeout: .milliseconds(500)), "")
      }
    }
  }
}
