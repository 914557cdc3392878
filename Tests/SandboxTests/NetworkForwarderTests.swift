import Glibc
import TestSupport
import Testing

@testable import Sandbox

@Suite("Connections through Services")
struct NetworkForwarderTests {
  private typealias Endpoint = ServiceEndpoints.Endpoint
  private static let number: UInt16 = 7_411

  private struct Place {
    let forwarder = ServiceForwarder()
    let range: LoopbackRange
    var port: ForwardingTable.ServicePort { .init(address: range.services[0], port: number) }

    func endpoint(_ index: Int) -> Endpoint { Endpoint(address: range.pods[index], port: number) }

    func listener(_ index: Int) throws -> NetworkPeer { try .listening(on: range.pods[index], number) }

    func go(to endpoints: Endpoint...) async {
      #expect(await forwarder.apply(endpoints.isEmpty ? [:] : [port: endpoints]).isEmpty)
    }

    func client() async throws -> NetworkPeer { try await .connected(to: port.address, port.port) }
  }

  private func withPlace(_ body: (Place) async throws -> Void) async throws {
    let place = Place(range: try LoopbackRange())
    do {
      try await body(place)
    } catch {
      await place.forwarder.stop()
      throw error
    }
    await place.forwarder.stop()
  }

  @Test("new connections go to the endpoints in turn")
  func turns() async throws {
    try await withPlace { place in
      let listeners = [try place.listener(0), try place.listener(1), try place.listener(2)]
      await place.go(to: place.endpoint(0), place.endpoint(1), place.endpoint(2))
      var clients: [NetworkPeer] = []
      for _ in 0..<9 { clients.append(try await place.client()) }
      for (index, listener) in listeners.enumerated() {
        for _ in 0..<3 {
          let server = try await listener.accepted()
          try await server.send("\(index)")
          server.endOutput()
        }
      }
      var answers: [String] = []
      for client in clients { answers.append(try await client.text(2)) }
      #expect(answers.sorted() == ["0", "0", "0", "1", "1", "1", "2", "2", "2"])
    }
  }

  @Test("a connection stays with its endpoint when that is not chosen any more")
  func stays() async throws {
    try await withPlace { place in
      let (old, new) = (try place.listener(0), try place.listener(1))
      await place.go(to: place.endpoint(0))
      let client = try await place.client()
      let server = try await old.accepted()
      await place.go(to: place.endpoint(1))
      let later = try await place.client()
      let newServer = try await new.accepted()
      try await newServer.send("new")
      try await client.send("still")
      #expect(try await server.text(5) == "still")
      #expect(try await later.text(3) == "new")
      await place.go()
      try await server.send("there")
      #expect(try await client.text(5) == "there")
    }
  }

  @Test("without an endpoint connections are refused at once, and with one again taken")
  func refused() async throws {
    try await withPlace { place in
      let listener = try place.listener(0)
      let refused = NetworkPeer.SystemFailure(number: ECONNREFUSED)
      await #expect(throws: refused) { try await place.client() }
      await place.go(to: place.endpoint(0))
      let client = try await place.client()
      let server = try await listener.accepted()
      await place.go()
      await #expect(throws: refused) { try await place.client() }
      // The old connection has the port; that must not keep it from being listened on.
      await place.go(to: place.endpoint(0))
      _ = try await place.client()
      try await client.send("x")
      #expect(try await server.text(1) == "x")
    }
  }

  @Test("a copy of the listening socket, which a process that starts holds for a moment, keeps nobody listening")
  func copied() async throws {
    try await withPlace { place in
      await place.go(to: place.endpoint(0))
      let copies = Self.sockets(on: place.port).map { dup($0) }
      defer { for copy in copies { close(copy) } }
      #expect(copies.count == 1)
      await place.go()
      await #expect(throws: NetworkPeer.SystemFailure(number: ECONNREFUSED)) { try await place.client() }
      await place.go(to: place.endpoint(0))
    }
  }

  // Descriptors of this process whose own address is that one.
  private static func sockets(on port: ForwardingTable.ServicePort) -> [Int32] {
    (0..<Int32(1_024)).filter { descriptor in
      var name = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let isNamed = withUnsafeMutablePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
      }
      return isNamed && name.sin_family == sa_family_t(AF_INET) && name.sin_port == port.port.bigEndian
        && name.sin_addr.s_addr == inet_addr(port.address)
    }
  }

  @Test("an endpoint that refuses breaks the client's connection")
  func unreachable() async throws {
    try await withPlace { place in
      await place.go(to: place.endpoint(0))
      let client = try await place.client()
      await #expect(throws: NetworkPeer.SystemFailure(number: ECONNRESET)) { try await client.rest() }
    }
  }

  // Blocks of a length that is prime, so that a piece in another place is another piece.
  private static func pattern(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed
    var bytes = (0..<8_191).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
    while bytes.count < count { bytes += bytes }
    return Array(bytes[..<count])
  }

  @Test("a large transfer arrives whole in both directions, each ended by itself")
  func large() async throws {
    try await withPlace { place in
      let listener = try place.listener(0)
      await place.go(to: place.endpoint(0))
      let client = try await place.client()
      let server = try await listener.accepted()
      let (there, back) = (Self.pattern(20_000_000, seed: 1), Self.pattern(10_000_000, seed: 2))
      async let sent: Void = {
        try await client.send(there)
        client.endOutput()
      }()
      let received = try await server.rest()
      try await sent
      #expect(received == there)
      async let answered: Void = {
        try await server.send(back)
        server.endOutput()
      }()
      #expect(try await client.rest() == back)
      try await answered
    }
  }

  @Test("a reader that does not read stops the sender")
  func backPressure() async throws {
    try await withPlace { place in
      let listener = try place.listener(0)
      await place.go(to: place.endpoint(0))
      let client = try await place.client()
      let server = try await listener.accepted()
      let limit = 256_000_000
      let sent = try await client.sendUntilFull(atMost: limit)
      #expect(sent < limit / 2, "what waits is bounded by the sockets' buffers")
      client.endOutput()
      #expect(try await server.rest().count == sent)
    }
  }

  @Test("a connection that breaks on one side breaks on the other", arguments: [true, false])
  func abrupt(byServer: Bool) async throws {
    try await withPlace { place in
      let listener = try place.listener(0)
      await place.go(to: place.endpoint(0))
      let client = try await place.client()
      let server = try await listener.accepted()
      try await client.send("x")
      #expect(try await server.text(1) == "x")
      (byServer ? server : client).reset()
      await #expect(throws: NetworkPeer.SystemFailure(number: ECONNRESET)) {
        try await (byServer ? client : server).rest()
      }
    }
  }

  @Test("one that closes without having read everything is seen by the other")
  func closed() async throws {
    try await withPlace { place in
      let listener = try place.listener(0)
      await place.go(to: place.endpoint(0))
      let client = try await place.client()
      let server = try await listener.accepted()
      try await server.send("bye")
      server.endOutput()
      #expect(try await client.rest() == Array("bye".utf8))
      client.endOutput()
      #expect(try await server.rest().isEmpty)
    }
  }

  @Test("a port that somebody else has is named with the cause")
  func taken() async throws {
    try await withPlace { place in
      let holder = try NetworkPeer.listening(on: place.port.address, place.port.port)
      let failures = await place.forwarder.apply([place.port: [place.endpoint(0)]])
      #expect(failures == [place.port: .init(cause: "address already in use", needsRoot: false, isTaken: true)])
      withExtendedLifetime(holder) {}
    }
  }

  @Test("a port whose holder is just going is waited for")
  func going() async throws {
    try await withPlace { place in
      var holder: NetworkPeer? = try NetworkPeer.listening(on: place.port.address, place.port.port)
      async let failures = place.forwarder.apply([place.port: [place.endpoint(0)]])
      try await Task.sleep(for: .milliseconds(300))
      withExtendedLifetime(holder) {}
      holder = nil
      #expect(await failures.isEmpty)
    }
  }
}
