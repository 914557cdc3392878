/// Why Redis did not do what it was asked to, and whether it may have done it all the same.
struct RedisError: Error, Sendable, CustomStringConvertible {
  enum Code: Sendable, Equatable {
    /// Nothing was written: there is no connection. Surely not done.
    case unreachable
    /// Written, and no reply came. May have been done.
    case lost
    /// Redis answered with an error. Not done.
    case refused
  }

  var code: Code
  /// What was attempted, such as "RPUSH" or "connect to redis port 6379".
  var attempted: String
  var cause: String

  var description: String {
    switch code {
    case .unreachable: "Redis: \(attempted): \(cause); check REDIS_HOST, REDIS_PORT and that Redis runs"
    case .lost: "Redis: \(attempted): \(cause); no reply, so it may have been done"
    case .refused: "Redis: \(attempted): refused with '\(cause)'"
    }
  }
}
