import Synchronization

/// Redis by name: one connection, made when it is first needed and made anew when it was lost.
///
/// A command is written at most once: what may have been done is never sent again from here. A connection counts once
/// Redis has answered on it, so that a server that hangs leaves no command in doubt but those it had already been sent.
/// Connecting waits longer after each failure, from 50 ms to a quarter of a second; until then calls fail at once
/// instead of piling up.
final class RedisClient: Sendable {
  private typealias Attempt = Swift.Result<RedisConnection, RedisError>

  private enum State: Sendable {
    case idle
    case connecting(Task<Attempt, Never>)
    case connected(RedisConnection)
    case failed(RedisError, until: ContinuousClock.Instant)
  }

  private static let longestPause = Duration.milliseconds(250)

  private let endpoint: Configuration.Endpoint
  private let state = Mutex((state: State.idle, pause: Duration.milliseconds(50)))

  init(endpoint: Configuration.Endpoint) {
    self.endpoint = endpoint
  }

  /// Sends commands together; one reply each, in order.
  ///
  /// An error of Redis is thrown as `refused` even when commands beside it were done.
  @discardableResult
  func call(
    all commands: [RedisCommand], timeout: Duration = .seconds(5)
  ) async throws(RedisError) -> [RedisValue] {
    guard !commands.isEmpty else { return [] }
    let replies = try await connection().get().send(commands, timeout: timeout).get()
    for (command, reply) in zip(commands, replies) {
      if case .error(let text) = reply {
        throw RedisError(code: .refused, attempted: command.name, cause: text)
      }
    }
    return replies
  }

  /// Sends one command; its reply.
  func call(_ command: RedisCommand, timeout: Duration = .seconds(5)) async throws(RedisError) -> RedisValue {
    try await call(all: [command], timeout: timeout)[0]
  }

  /// For readiness: a sentence when Redis does not answer PING, or answers that it still loads its data.
  func missing() async -> [String] {
    do throws(RedisError) {
      _ = try await call(RedisCommand("PING"))
      return []
    } catch {
      let problem = error.code == .refused ? "not ready ('\(error.cause)')" : "not reachable"
      return ["Redis is \(problem) at \(endpoint.host) port \(endpoint.port)."]
    }
  }

  private func connection() async -> Attempt {
    // The task is made under the lock, so that all who come meanwhile wait for the same one.
    let (known, task): (Attempt?, Task<Attempt, Never>?) = state.withLock { lock in
      switch lock.state {
      case .connected(let connection) where connection.isOpen: return (.success(connection), nil)
      case .connecting(let task): return (nil, task)
      case .failed(let error, let until) where until > .now: return (.failure(error), nil)
      case .idle, .connected, .failed:
        let task = Task { await self.connect() }
        lock.state = .connecting(task)
        return (nil, task)
      }
    }
    if let known { return known }
    return await task?.value
      ?? .failure(RedisError(code: .unreachable, attempted: "connect", cause: "no attempt was made"))
  }

  private func connect() async -> Attempt {
    let result: Attempt
    do throws(RedisError) {
      let connection = try await RedisConnection.connect(to: endpoint)
      // Any answer will do: one that says LOADING comes from a Redis that answers.
      switch await connection.send([RedisCommand("PING")], timeout: .seconds(2)) {
      case .success: result = .success(connection)
      case .failure(let error): result = .failure(RedisError(code: .unreachable, attempted: "PING", cause: error.cause))
      }
    } catch {
      result = .failure(error)
    }
    state.withLock { lock in
      switch result {
      case .success(let connection):
        lock = (.connected(connection), .milliseconds(50))
      case .failure(let error):
        lock.state = .failed(error, until: .now + lock.pause)
        lock.pause = min(lock.pause * 2, Self.longestPause)
      }
    }
    return result
  }
}
