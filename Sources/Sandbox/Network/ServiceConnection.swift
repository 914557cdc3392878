import Glibc
import NIOCore
import NIOPosix

/// One connection through a Service: what comes from either side goes to the other.
///
/// A side is read only while the other can take more. The end of what one side sends is passed on alone, and a broken
/// connection as a broken one, so that neither side can take an abrupt end for a good one.
final class ServiceConnection: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var partner: ServiceConnection?
  private var context: ChannelHandlerContext?
  private var readIsWanted = false
  private var inputHasEnded = false
  private var isBroken = false

  private init() {}

  /// Connects a client to an endpoint; one that cannot be reached, or none at all, breaks the client's connection.
  static func begin(_ client: any Channel, to endpoint: ServiceEndpoints.Endpoint?) -> EventLoopFuture<Void> {
    guard let endpoint else {
      reset(client)
      return client.eventLoop.makeFailedFuture(ChannelError.connectPending)
    }
    return ClientBootstrap(group: client.eventLoop)
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      // As long as a client's own system would try.
      .connectTimeout(.seconds(120))
      .connect(host: endpoint.address, port: Int(endpoint.port))
      .flatMapThrowing { try join(client, $0) }
      .flatMapErrorThrowing { error in
        reset(client)
        throw error
      }
  }

  // Both are on the same event loop, and this runs on it.
  private static func join(_ client: any Channel, _ endpoint: any Channel) throws {
    let (near, far) = (ServiceConnection(), ServiceConnection())
    (near.partner, far.partner) = (far, near)
    try client.pipeline.syncOperations.addHandler(near)
    try endpoint.pipeline.syncOperations.addHandler(far)
    for channel in [client, endpoint] { channel.setOption(.autoRead, value: true).whenFailure { _ in reset(channel) } }
  }

  private static func reset(_ channel: any Channel) {
    (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
      channel.close(promise: nil)
    }
  }
}

// MARK: - What a side notices

extension ServiceConnection {
  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    (self.context, partner) = (nil, nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    partner?.context?.write(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    partner?.context?.flush()
  }

  func read(context: ChannelHandlerContext) {
    if partner?.context?.channel.isWritable == true {
      context.read()
    } else {
      readIsWanted = true
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { partner?.readNow() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(.inputClosed) = event as? ChannelEvent {
      inputHasEnded = true
      partner?.endOutput()
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    isBroken = true
    Self.reset(context.channel)
  }

  func channelInactive(context: ChannelHandlerContext) {
    guard let partner, let other = partner.context?.channel else { return }
    if isBroken || !partner.inputHasEnded {
      Self.reset(other)
    } else {
      partner.endOutput()
    }
  }
}

// MARK: - What it does for the other side

extension ServiceConnection {
  private func readNow() {
    guard readIsWanted else { return }
    readIsWanted = false
    context?.read()
  }

  // After everything before it has been written: ending the output drops what still waits.
  private func endOutput() {
    guard let context else { return }
    let written = context.eventLoop.makePromise(of: Void.self)
    let channel = context.channel
    written.futureResult.whenComplete { _ in channel.close(mode: .output, promise: nil) }
    context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(capacity: 0)), promise: written)
  }
}
