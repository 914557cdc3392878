import NIOCore
import NIOHTTP1

/// A client's wish to go on with another protocol than HTTP, so that a command's streams can share the connection.
///
/// kubectl up to 1.30 speaks SPDY/3.1 (RFC-less; the SPDY Protocol, Draft 3.1), later ones WebSocket (RFC 6455) first.
/// Both are only carriers: which stream is which is Kubernetes' own convention.
struct APIUpgrade: Sendable, Equatable {
  /// What carries the streams.
  enum Carrier: Sendable, Equatable {
    case spdy
    /// The key is what the client wants to see answered.
    case webSocket(key: String)
  }

  var carrier: Carrier
  /// Kubernetes' convention: `v4.channel.k8s.io`, and v5 for a WebSocket, whose input can end.
  var version: String

  /// What is told to a client that wants no protocol, or none that is offered.
  static let required = APIStatus(
    .badRequest, "Upgrade request required: SPDY/3.1 with v4.channel.k8s.io, or websocket with v5.channel.k8s.io")

  /// Reads the headers; nil if no carrier or version is among those that are offered.
  init?(_ headers: HTTPHeaders) {
    let upgrades = headers[canonicalForm: "upgrade"].map { $0.lowercased() }
    if upgrades.contains("websocket"), let key = headers["sec-websocket-key"].first {
      carrier = .webSocket(key: key)
      let offered = headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
      guard let version = offered.first(where: ["v5.channel.k8s.io", "v4.channel.k8s.io"].contains) else { return nil }
      self.version = version
    } else if upgrades.contains("spdy/3.1") {
      carrier = .spdy
      version = "v4.channel.k8s.io"
      guard headers[canonicalForm: "x-stream-protocol-version"].contains(where: { $0 == version }) else { return nil }
    } else {
      return nil
    }
  }

  /// The headers of the answer that grants it.
  var headers: HTTPHeaders {
    switch carrier {
    case .spdy: ["connection": "Upgrade", "upgrade": "SPDY/3.1", "x-stream-protocol-version": version]
    case .webSocket(let key):
      [
        "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-protocol": version,
        "sec-websocket-accept": WebSocketStreams.answer(to: key),
      ]
    }
  }

  /// The streams of a command, carried by it.
  func streams(for request: ExecRequest) -> any ExecStreams {
    switch carrier {
    case .spdy: SPDYStreams(request)
    case .webSocket: WebSocketStreams()
    }
  }

  /// Answers 101, takes HTTP off the connection and gives it to a session, which closes it.
  ///
  /// On the event loop of the channel only.
  func perform(
    on channel: any Channel, version: HTTPVersion,
    _ session: @escaping @Sendable (NIOAsyncChannel<ByteBuffer, ByteBuffer>) async -> Void
  ) {
    let head = HTTPResponseHead(version: version, status: .switchingProtocols, headers: headers)
    channel.write(HTTPServerResponsePart.head(head), promise: nil)
    channel.writeAndFlush(HTTPServerResponsePart.end(nil)).flatMap { Self.removeHTTP(from: channel) }
      .flatMapThrowing { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
      .whenComplete { result in
        switch result {
        case .success(let connection): Task { await session(connection) }
        case .failure: channel.close(promise: nil)
        }
      }
  }

  // From the far end on, so that nothing that is set free on the way is taken for HTTP.
  private static func removeHTTP(from channel: any Channel) -> EventLoopFuture<Void> {
    let pipeline = channel.pipeline.syncOperations
    do {
      let handlers: [any RemovableChannelHandler] = [
        try pipeline.handler(type: APIConnection.self),
        try pipeline.handler(type: HTTPServerProtocolErrorHandler.self),
        try pipeline.handler(type: NIOHTTPResponseHeadersValidator.self),
        try pipeline.handler(type: HTTPServerPipelineHandler.self),
        try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self),
        try pipeline.handler(type: HTTPResponseEncoder.self),
      ]
      return .andAllSucceed(handlers.map { pipeline.removeHandler($0) }, on: channel.eventLoop)
    } catch {
      return channel.eventLoop.makeFailedFuture(error)
    }
  }
}
