import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Listens on the addresses of Services and hands each new connection to one of the endpoints, in turn.
///
/// A port without an endpoint is not listened on, so that connections to it are refused at once. A connection stays
/// with its endpoint until one of the two ends it, whatever becomes of the Service. One thread does it all.
actor ServiceForwarder {
  /// Why a port cannot be listened on.
  struct Failure: Sendable, Equatable {
    var cause: String
    /// Whether root could.
    var needsRoot: Bool
    /// Whether somebody else listens there.
    var isTaken = false
  }

  private struct Listener {
    var channel: any Channel
    var turns: Turns
  }

  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private var listeners: [ForwardingTable.ServicePort: Listener] = [:]
  // What only root may do is not tried again.
  private var forbidden: [ForwardingTable.ServicePort: Failure] = [:]
  // Ports that were taken when they were first asked for, and that have been waited for.
  private var waited: Set<ForwardingTable.ServicePort> = []

  /// Listens on nothing yet.
  init() {
    // As nice as the pods: the generator of votes goes first where both want a processor.
    group.next().execute { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5) }
  }

  /// Listens on these ports and no others; gives those where that is impossible, each time anew.
  func apply(
    _ table: [ForwardingTable.ServicePort: [ServiceEndpoints.Endpoint]]
  ) async -> [ForwardingTable.ServicePort: Failure] {
    for (port, listener) in listeners where table[port] == nil {
      listeners[port] = nil
      await Self.end(listener.channel)
    }
    var failures: [ForwardingTable.ServicePort: Failure] = [:]
    for (port, endpoints) in table {
      if let listener = listeners[port] {
        listener.turns.set(endpoints)
      } else {
        failures[port] = if let known = forbidden[port] { known } else { await listen(whenFree: port, endpoints) }
        if failures[port]?.needsRoot == true { forbidden[port] = failures[port] }
      }
    }
    return failures
  }

  /// Ends every connection.
  func stop() async {
    for listener in listeners.values { await Self.end(listener.channel) }
    listeners = [:]
    try? await group.shutdownGracefully()
  }

  // A process that is just being started holds copies of all our sockets until its program runs. Only shutdown(2) ends
  // the listening for all of them at once.
  private static func end(_ listener: any Channel) async {
    let shut = listener.eventLoop.submit {
      try listener.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
        shutdown($0, Int32(SHUT_RDWR))
      }
    }
    _ = try? await shut.get()
    try? await listener.close()
  }

  /// Who has just let go of the range may be a moment from giving the address back: that is waited for, once a port.
  private func listen(
    whenFree port: ForwardingTable.ServicePort, _ endpoints: [ServiceEndpoints.Endpoint]
  ) async -> Failure? {
    var failure = await listen(on: port, endpoints)
    let patience = waited.insert(port).inserted ? 20 : 0
    for _ in 0..<patience where failure?.isTaken == true {
      try? await Task.sleep(for: .milliseconds(100))
      failure = await listen(on: port, endpoints)
    }
    return failure
  }

  private func listen(
    on port: ForwardingTable.ServicePort, _ endpoints: [ServiceEndpoints.Endpoint]
  ) async -> Failure? {
    let turns = Turns(endpoints)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { ServiceConnection.begin($0, to: turns.next()) }
    do {
      let channel = try await bootstrap.bind(host: port.address, port: Int(port.port)).get()
      listeners[port] = Listener(channel: channel, turns: turns)
      return nil
    } catch {
      let code = (error as? IOError)?.errnoCode ?? EIO
      return Failure(
        cause: String(systemError: code).lowercased(), needsRoot: code == EACCES, isTaken: code == EADDRINUSE)
    }
  }
}

/// Whose turn it is among the endpoints of a port.
private final class Turns: Sendable {
  private let state: Mutex<(endpoints: [ServiceEndpoints.Endpoint], next: Int)>

  init(_ endpoints: [ServiceEndpoints.Endpoint]) {
    state = Mutex((endpoints, 0))
  }

  func set(_ endpoints: [ServiceEndpoints.Endpoint]) {
    state.withLock { $0.endpoints = endpoints }
  }

  func next() -> ServiceEndpoints.Endpoint? {
    state.withLock { state in
      guard !state.endpoints.isEmpty else { return nil }
      state.next = (state.next + 1) % state.endpoints.count
      return state.endpoints[state.next]
    }
  }
}
