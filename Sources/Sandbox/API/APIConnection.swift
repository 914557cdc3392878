import NIOCore
import NIOHTTP1

/// One connection to the API server: collects a request, asks the service, writes the answer.
///
/// Requests that come before the answer to the one before them wait in the pipeline's handler. Confined to the event
/// loop of its channel, but for the task that feeds a watch or a log: that one lives no longer than the connection.
/// A command in a container takes the connection over, see ``APIUpgrade``.
final class APIConnection: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// As large as a real server takes (3 MiB).
  static let longestBody = 3 << 20

  private let service: APIService
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var isTooLong = false
  private var feed: Task<Void, Never>?

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
    feed?.cancel()
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
    let request = APIRequest(
      method: head.method.rawValue, target: head.uri, accept: head.headers["accept"].first ?? "",
      contentType: head.headers["content-type"].first ?? "", body: [UInt8](body.readableBytesView),
      userAgent: head.headers["user-agent"].first ?? "")
    let identity: Identity
    do throws(APIStatus) {
      identity = try service.access.identity(
        clientVerify: head.headers["x-client-verify"].first, authorization: head.headers["authorization"].first,
        store: service.store)
    } catch {
      return .failure(error)
    }
    guard !isTooLong else {
      return .failure(APIStatus(.tooLarge, "Request entity too large: limit is \(Self.longestBody)"))
    }
    return service.answer(request, as: identity)
  }

  // MARK: Writing

  private func write(_ answer: APIAnswer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    switch answer {
    case .json(let object, let status, let type):
      write(object.bytes, status: HTTPResponseStatus(statusCode: status), type: type, to: request, context)
    case .warned(let object, let status, let warnings):
      write(
        object.bytes, status: HTTPResponseStatus(statusCode: status), type: "application/json", warnings: warnings,
        to: request, context)
    case .bytes(let bytes, let status, let type):
      write(bytes, status: HTTPResponseStatus(statusCode: status), type: type, to: request, context)
    case .watch(let feed):
      write(type: "application/json", to: request, context) { write in
        for await line in feed.lines() { try await write(line) }
      }
    case .log(let feed):
      write(type: "text/plain", to: request, context) { write in
        var feed = feed
        while let piece = await feed.next() { try await write(piece) }
      }
    case .exec(let exec):
      take(exec, request, context)
    }
  }

  private func write(
    _ bytes: [UInt8], status: HTTPResponseStatus, type: String, warnings: [String] = [],
    to request: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    var head = head(status, type: type, to: request)
    for warning in warnings { head.headers.add(name: "warning", value: APIAnswer.header(warning)) }
    head.headers.add(name: "content-length", value: "\(bytes.count)")
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
    }
    let (written, channel) = (context.writeAndFlush(wrapOutboundOut(.end(nil))), context.channel)
    if !Self.keepsAlive(request) { written.whenComplete { _ in channel.close(promise: nil) } }
  }

  // Each piece is written before the next is asked for, so that a client that does not read is behind in what it reads
  // and not in memory.
  private func write(
    type: String, to request: HTTPRequestHead, _ context: ChannelHandlerContext,
    _ send: @escaping @Sendable (_ write: (_ piece: [UInt8]) async throws -> Void) async throws -> Void
  ) {
    let head = head(.ok, type: type, to: request)
    context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    let (channel, keepsAlive) = (context.channel, Self.keepsAlive(request))
    feed = Task {
      do {
        try await send { piece in
          try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: piece))))
        }
        try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
        if !keepsAlive { try await channel.close() }
      } catch {
        // The client is gone, or the server closed the connection.
      }
    }
  }

  private func take(_ exec: ExecRequest, _ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    guard let kubelet = service.kubelet else {
      return write(.failure(APIStatus(.internalError, "there is no node")), to: request, context)
    }
    guard let upgrade = APIUpgrade(request.headers) else {
      return write(.failure(APIUpgrade.required), to: request, context)
    }
    let connection = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.makeFutureWithTask { await kubelet.isRunning(exec) }.whenSuccess { isRunning in
      let (handler, context) = connection.value
      guard isRunning else {
        let words = "container not found (\"\(exec.container)\")"
        return handler.write(.text(words, status: 404), to: request, context)
      }
      upgrade.perform(on: context.channel, version: request.version) { connection in
        await ExecSession(kubelet: kubelet, request: exec, channel: connection.channel)
          .run(connection, upgrade.streams(for: exec))
      }
    }
  }

  // After a request for another protocol nothing more is read as HTTP, also if it is refused.
  private static func keepsAlive(_ request: HTTPRequestHead) -> Bool {
    request.isKeepAlive && !request.headers.contains(name: "upgrade")
  }

  private func head(_ status: HTTPResponseStatus, type: String, to request: HTTPRequestHead) -> HTTPResponseHead {
    var headers: HTTPHeaders = ["content-type": type, "cache-control": "no-cache, private"]
    if !Self.keepsAlive(request) { headers.add(name: "connection", value: "close") }
    return HTTPResponseHead(version: request.version, status: status, headers: headers)
  }
}
