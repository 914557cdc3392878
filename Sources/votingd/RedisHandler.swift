import NIOCore

/// Matches replies to the commands that wait for them.
///
/// Confined to the event loop of its channel.
final class RedisHandler: ChannelInboundHandler {
  typealias InboundIn = RedisValue
  typealias OutboundOut = ByteBuffer

  /// Commands that were written together and wait for their replies.
  private struct Waiting {
    let count: Int
    let attempted: String
    let deadline: NIODeadline
    let continuation: CheckedContinuation<RedisConnection.Replies, Never>
    var replies: [RedisValue] = []
  }

  private var context: ChannelHandlerContext?
  private var waiting = CircularBuffer<Waiting>()
  private var flushIsDue = false
  private var watchIsDue = false

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    close(cause: "the connection was closed")
  }

  /// Writes commands; `continuation` is resumed once, with `unreachable` when the connection has already ended.
  func send(
    _ bytes: ByteBuffer, count: Int, attempted: String, deadline: NIODeadline,
    continuation: CheckedContinuation<RedisConnection.Replies, Never>
  ) {
    guard let context, context.channel.isActive else {
      let error = RedisError(code: .unreachable, attempted: attempted, cause: "the connection was closed before")
      continuation.resume(returning: .failure(error))
      return
    }
    waiting.append(Waiting(count: count, attempted: attempted, deadline: deadline, continuation: continuation))
    context.write(wrapOutboundOut(bytes), promise: nil)
    flushSoon(context)
    watch(context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard var first = waiting.popFirst() else {
      context.close(promise: nil)
      return
    }
    first.replies.append(unwrapInboundIn(data))
    if first.replies.count == first.count {
      first.continuation.resume(returning: .success(first.replies))
    } else {
      waiting.prepend(first)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    close(cause: "the connection was closed")
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    close(cause: "\(error)")
  }

  private func close(cause: String) {
    guard let context else { return }
    self.context = nil
    let unanswered = waiting
    waiting.removeAll()
    for commands in unanswered {
      let error = RedisError(code: .lost, attempted: commands.attempted, cause: cause)
      commands.continuation.resume(returning: .failure(error))
    }
    context.close(promise: nil)
  }

  /// One system call carries what all tasks wrote in one turn of the loop.
  private func flushSoon(_ context: ChannelHandlerContext) {
    guard !flushIsDue else { return }
    flushIsDue = true
    context.eventLoop.assumeIsolated().execute {
      self.flushIsDue = false
      self.context?.flush()
    }
  }

  /// A Redis that hangs ends the connection: replies cannot be told apart once one of them is given up.
  private func watch(_ context: ChannelHandlerContext) {
    guard !watchIsDue, let first = waiting.first else { return }
    watchIsDue = true
    context.eventLoop.assumeIsolated().scheduleTask(deadline: first.deadline) {
      self.watchIsDue = false
      guard let context = self.context, let first = self.waiting.first else { return }
      if first.deadline <= .now() { return self.close(cause: "no reply in time") }
      self.watch(context)
    }
  }
}
