import NIOCore
import NIOHTTP1

/// One connection to the API server: collects a request, asks the service, writes the answer.
///
/// Requests that come before the answer to the one before them wait in the pipeline's handler. Confined to the event
/// loop of its channel, but for the task that feeds a watch: that one lives no longer than the connection.
final class APIConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// As large as a real server takes (3 MiB).
  static let longestBody = 3 << 20

  private let service: APIService
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var isTooLong = false
  private var watch: Task<Void, Never>?

  init(service: APIService) {
    self.service = service
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
    case .body(var part):
      collect(&part)
    case .end:
      guard let head else { return }
      write(answer(head), to: head, context)
      (self.head, body, isTooLong) = (nil, ByteBuffer(), false)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    watch?.cancel()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  // What is too long is read to its end all the same: a client that still writes would not see the answer.
  private func collect(_ part: inout ByteBuffer) {
    isTooLong = isTooLong || body.readableBytes + part.readableBytes > Self.longestBody
    if isTooLong {
      body = ByteBuffer()
    } else {
      body.writeBuffer(&part)
    }
  }

  private func answer(_ head: HTTPRequestHead) -> APIAnswer {
    guard head.headers["x-client-verify"].first == "SUCCESS" else {
      return .failure(APIStatus(.unauthorized, "Unauthorized"))
    }
    guard !isTooLong else {
      return .failure(APIStatus(.tooLarge, "Request entity too large: limit is \(Self.longestBody)"))
    }
    return service.answer(
      APIRequest(
        method: head.method.rawValue, target: head.uri, accept: head.headers["accept"].first ?? "",
        contentType: head.headers["content-type"].first ?? "", body: [UInt8](body.readableBytesView)))
  }

  // MARK: Writing

  private func write(_ answer: APIAnswer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    switch answer {
    case .json(let object, let status, let type):
      write(object.bytes, status: HTTPResponseStatus(statusCode: status), type: type, to: request, context)
    case .bytes(let bytes, let type):
      write(bytes, status: .ok, type: type, to: request, context)
    case .watch(let feed):
      write(feed, to: request, context)
    }
  }

  private func write(
    _ bytes: [UInt8], status: HTTPResponseStatus, type: String, to request: HTTPRequestHead,
    _ context: ChannelHandlerContext
  ) {
    var head = head(status, type: type, to: request)
    head.headers.add(name: "content-length", value: "\(bytes.count)")
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
    }
    let (written, channel) = (context.writeAndFlush(wrapOutboundOut(.end(nil))), context.channel)
    if !request.isKeepAlive { written.whenComplete { _ in channel.close(promise: nil) } }
  }

  private func write(_ feed: WatchFeed, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let head = head(.ok, type: "application/json", to: request)
    context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    let channel = context.channel
    let keepsAlive = request.isKeepAlive
    watch = Task { await APIConnection.send(feed, to: channel, keepsAlive: keepsAlive) }
  }

  private func head(_ status: HTTPResponseStatus, type: String, to request: HTTPRequestHead) -> HTTPResponseHead {
    var headers: HTTPHeaders = ["content-type": type, "cache-control": "no-cache, private"]
    if !request.isKeepAlive { headers.add(name: "connection", value: "close") }
    return HTTPResponseHead(version: request.version, status: status, headers: headers)
  }

  // Waits for each line to be written, so that a client that does not read is behind in the feed and not in memory.
  private static func send(_ feed: WatchFeed, to channel: any Channel, keepsAlive: Bool) async {
    do {
      for await line in feed.lines() {
        try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: line))))
      }
      try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
      if !keepsAlive { try await channel.close() }
    } catch {
      // The client is gone, or the server closed the connection.
    }
  }
}
