import Dispatch
import FoundationEssentials
import Glibc
import Logging

/// What the sandbox's own process does: serves one sandbox until it is told to end.
package enum SandboxService {
  private enum Turn: Sendable {
    case ready
    case failed(SandboxError)
    case end
  }

  /// Starts a sandbox, writes `sandbox.json` into its folder when it takes votes, and returns when it is
  /// gone again without a trace.
  ///
  /// It ends by SIGTERM, SIGINT, the end of standard input (its parent is gone, however that came), or the
  /// cancellation of the task. Progress goes to standard error. Throws where the sandbox cannot be started; then too
  /// nothing is left. For a process of its own: it changes the process's umask and its handling of signals.
  package static func serve(_ configuration: SandboxConfiguration) async throws(SandboxError) {
    umask(0o077)
    signal(SIGPIPE, SIG_IGN)
    let logger = SandboxServer.logger(.info)
    let (ends, end) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(1))
    let sources = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
      signalSource(number) { end.yield(name) }
    }
    if configuration.lifeline { try followLifeline { end.yield("the end of its standard input") } }
    let server = SandboxServer(configuration, logger: logger)
    let failure = await withTaskGroup(of: Turn.self) { group in
      group.addTask {
        for await cause in ends {
          logger.info("ending the sandbox after \(cause)")
          break
        }
        return .end
      }
      group.addTask {
        do throws(SandboxError) {
          try await server.start()
          return .ready
        } catch {
          return .failed(error)
        }
      }
      return await outcome(of: &group)
    }
    await server.stop()
    withExtendedLifetime(sources) {}
    if let failure { throw failure }
  }

  private static func outcome(of group: inout TaskGroup<Turn>) async -> SandboxError? {
    switch await group.next() {
    case .failed(let error):
      group.cancelAll()
      return error
    case .ready: _ = await group.next()
    case .end, nil: group.cancelAll()
    }
    return nil
  }

  private static func signalSource(
    _ number: Int32, _ handler: @escaping @Sendable () -> Void
  ) -> any DispatchSourceSignal {
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler(handler: DispatchWorkItem(block: handler))
    source.resume()
    return source
  }

  private static func followLifeline(_ ended: @escaping @Sendable () -> Void) throws(SandboxError) {
    try DedicatedThread.start {
      var byte: UInt8 = 0
      // Whatever arrives is ignored; the end, or an error, is the parent's.
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { break }
      }
      ended()
    }
  }
}
