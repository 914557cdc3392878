import NIOCore
import NIOPosix

/// One command in a container for one client: its streams, from its start to the Status that says how it ended.
///
/// It ends with the first of these: the command ends, the client goes away, the container ends. Whoever reads holds
/// back whoever writes, in both directions.
struct ExecSession: Sendable {
  /// How long what a command has left running may hold its streams open after its end.
  static let patience = Duration.seconds(1)

  let kubelet: Kubelet
  let request: ExecRequest
  let channel: any Channel

  /// Runs it, and closes the connection.
  func run(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ streams: any ExecStreams) async {
    try? await connection.executeThenClose { inbound, _ in
      let (ready, opened) = AsyncStream.makeStream(of: (any ExecStreams).self)
      do {
        let exec = try await kubelet.start(request)
        try await serve(exec, inbound, streams, ready, opened)
      } catch let status as APIStatus {
        await withTaskGroup(of: Void.self) { group in
          group.addTask { await receive(inbound, streams, opened, input: nil) }
          group.addTask { await refuse(status, ready) }
          await group.next()
          group.cancelAll()
        }
      }
    }
  }

  private func refuse(_ status: APIStatus, _ ready: AsyncStream<any ExecStreams>) async {
    for await streams in ready { try? await send(streams.ending(status.json)) }
  }

  private func serve(
    _ exec: ContainerExec, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ streams: any ExecStreams,
    _ ready: AsyncStream<any ExecStreams>, _ opened: AsyncStream<any ExecStreams>.Continuation
  ) async throws {
    let pipes = try await ExecChannels(exec, on: channel.eventLoop)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await receive(inbound, streams, opened, input: pipes.input) }
      group.addTask { for await streams in ready { await deliver(pipes, exec, streams) } }
      group.addTask { await containerEnds(exec) }
      await group.next()
      exec.child.send(SIGKILL)
      group.cancelAll()
    }
    _ = await exec.child.ending
    await pipes.close()
  }

  // Ends when the client is gone. What it answers at once is not part of any stream.
  private func receive(
    _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ streams: any ExecStreams,
    _ opened: AsyncStream<any ExecStreams>.Continuation, input: (any Channel)?
  ) async {
    var streams = streams
    var areOpen = false
    func openOnce() {
      guard !areOpen, streams.areOpen else { return }
      areOpen = true
      opened.yield(streams)
      opened.finish()
    }
    openOnce()
    do {
      for try await buffer in inbound {
        for event in try streams.take([UInt8](buffer.readableBytesView)) {
          guard try await handle(event, input) else { return }
        }
        openOnce()
      }
    } catch {
      // It is gone, or not one of ours: the same to the command.
    }
  }

  private func handle(_ event: ExecEvent, _ input: (any Channel)?) async throws -> Bool {
    switch event {
    // A command that has closed its input does not care for more.
    case .input(let bytes): try? await input?.writeAndFlush(ByteBuffer(bytes: bytes))
    case .inputEnded: try? await input?.close()
    case .reply(let bytes): try await send(bytes)
    case .left: return false
    }
    return true
  }

  // Ends when the command has, and all that it wrote is sent.
  private func deliver(_ pipes: ExecChannels, _ exec: ContainerExec, _ streams: any ExecStreams) async {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask { await forward(pipes.output, .output, streams) }
      group.addTask { await forward(pipes.errors, .errors, streams) }
      group.addTask {
        _ = await exec.child.ending
        try? await Task.sleep(for: Self.patience)
        return false
      }
      var left = 2
      for await isStream in group {
        left -= isStream ? 1 : 0
        if left == 0 || !isStream { break }
      }
      group.cancelAll()
    }
    let ending = await exec.child.ending
    guard !Task.isCancelled else { return }
    try? await send(streams.ending(Self.status(of: ending)))
  }

  private func forward(
    _ pipe: NIOAsyncChannel<ByteBuffer, Never>, _ stream: ExecOutput, _ streams: any ExecStreams
  ) async -> Bool {
    let isWanted = stream == .output ? request.hasOutput : request.hasErrors
    try? await pipe.executeThenClose { inbound in
      for try await buffer in inbound where isWanted {
        try await send(streams.carrying([UInt8](buffer.readableBytesView), of: stream))
      }
    }
    return true
  }

  private func containerEnds(_ exec: ContainerExec) async {
    while exec.container.endingSoFar == nil, !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(200))
    }
    if !Task.isCancelled { exec.child.send(SIGKILL) }
    // What it wrote is still to be delivered, with how it ended.
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(1)) }
  }

  private func send(_ bytes: [UInt8]) async throws {
    try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
  }

  /// The Status with which kubectl ends: exit codes are failures with the code as a cause.
  static func status(of ending: ChildProcess.Ending) -> JSON {
    guard ending != .exited(0) else { return ["metadata": [:], "status": "Success"] }
    let code = ending.exitCode
    return [
      "metadata": [:], "status": "Failure", "reason": "NonZeroExitCode",
      "message": .string("command terminated with non-zero exit code: exit status \(code)"),
      "details": ["causes": [["reason": "ExitCode", "message": .string("\(code)")]]],
    ]
  }
}

/// The pipes of a command as channels of an event loop.
private struct ExecChannels: Sendable {
  let input: (any Channel)?
  let output: NIOAsyncChannel<ByteBuffer, Never>
  let errors: NIOAsyncChannel<ByteBuffer, Never>

  init(_ exec: ContainerExec, on eventLoop: any EventLoop) async throws {
    func reader(_ descriptor: Int32) async throws -> NIOAsyncChannel<ByteBuffer, Never> {
      try await NIOPipeBootstrap(group: eventLoop).takingOwnershipOfDescriptor(input: descriptor) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
        }
      }
    }
    output = try await reader(exec.output)
    errors = try await reader(exec.errors)
    if let descriptor = exec.input {
      input = try await NIOPipeBootstrap(group: eventLoop).takingOwnershipOfDescriptor(output: descriptor).get()
    } else {
      input = nil
    }
  }

  func close() async {
    for channel in [input, output.channel, errors.channel] { try? await channel?.close() }
  }
}
