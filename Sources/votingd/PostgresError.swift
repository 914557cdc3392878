/// Why PostgreSQL did not do what it was asked to.
struct PostgresError: Error, Sendable, CustomStringConvertible {
  enum Code: Sendable, Equatable {
    /// There is no connection. Nothing was done.
    case unreachable
    /// The connection was lost, or no answer came in time. May have been done.
    case lost
    /// PostgreSQL answered with an error; its SQLSTATE is given. Not done.
    case refused(state: String)
  }

  var code: Code
  /// What was attempted, such as "count the votes".
  var attempted: String
  var cause: String

  /// The data themselves are at fault (SQLSTATE class 22 or 23): the same again fails again.
  var isAboutData: Bool {
    if case .refused(let state) = code { return state.hasPrefix("22") || state.hasPrefix("23") }
    return false
  }

  /// There is no such table (yet).
  var isMissingTable: Bool { code == .refused(state: "42P01") }

  /// The connection had ended, or the server was told to stop (class 57) and is about to end it.
  var isEndOfConnection: Bool {
    switch code {
    case .lost: true
    case .refused(let state): state.hasPrefix("57")
    case .unreachable: false
    }
  }

  var description: String {
    switch code {
    case .unreachable: "PostgreSQL: \(attempted): \(cause); check DB_HOST, DB_NAME, DB_USER and DB_PASSWORD"
    case .lost: "PostgreSQL: \(attempted): \(cause); it may have been done"
    case .refused(let state): "PostgreSQL: \(attempted): refused with \(state) '\(cause)'"
    }
  }
}
