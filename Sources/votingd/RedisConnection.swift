import NIOCore
import NIOPosix

/// One connection to Redis that many tasks write to at once; replies come in the order of the commands.
///
/// The handler and all its state belong to the channel's event loop.
final class RedisConnection: Sendable {
  /// What the replies to some commands are, or why there are none.
  typealias Replies = Swift.Result<[RedisValue], RedisError>

  private let channel: any Channel
  private let handler: NIOLoopBound<RedisHandler>

  /// Whether commands can be written.
  var isOpen: Bool { channel.isActive }

  private init(channel: any Channel, handler: NIOLoopBound<RedisHandler>) {
    self.channel = channel
    self.handler = handler
  }

  /// Resolves the name and connects, within 2 s for each of its addresses.
  static func connect(to endpoint: Configuration.Endpoint) async throws(RedisError) -> RedisConnection {
    do {
      return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(.seconds(2))
        .connect(host: endpoint.host, port: endpoint.port) { channel in
          channel.eventLoop.makeCompletedFuture {
            let handler = RedisHandler()
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandlers(ByteToMessageHandler(RedisDecoder()), handler)
            return RedisConnection(channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
          }
        }
    } catch {
      let attempted = "connect to \(endpoint.host) port \(endpoint.port)"
      throw RedisError(code: .unreachable, attempted: attempted, cause: "\(error)")
    }
  }

  /// Writes the commands in one go; their replies, errors of Redis among them.
  func send(_ commands: [RedisCommand], timeout: Duration) async -> Replies {
    var bytes = ByteBuffer()
    for command in commands { command.write(to: &bytes) }
    let attempted = commands.first?.name ?? "nothing"
    return await withCheckedContinuation { continuation in
      channel.eventLoop.execute { [handler, bytes] in
        handler.value.send(
          bytes, count: commands.count, attempted: attempted, deadline: .now() + TimeAmount(timeout),
          continuation: continuation)
      }
    }
  }

  /// Ends the connection; commands without a reply end as lost.
  func close() {
    channel.close(promise: nil)
  }
}

/// Cuts the bytes of a connection into replies.
private struct RedisDecoder: ByteToMessageDecoder {
  typealias InboundOut = RedisValue

  mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
    guard let value = try RedisValue.take(from: &buffer) else { return .needMoreData }
    context.fireChannelRead(wrapInboundOut(value))
    return .continue
  }
}
