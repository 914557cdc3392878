import CLibpq
import Glibc

/// One libpq connection.
///
/// Every call may block, up to its limit: only the executor of `Postgres` may make them.
///
/// After an error the connection is in no defined state: its owner drops it and connects anew.
final class PostgresConnection {
  private static let answerLimit = Duration.seconds(5)

  private let handle: OpaquePointer

  /// Resolves the name, connects and logs in, within 2 s for each address.
  init(to database: Configuration.Database) throws(PostgresError) {
    let attempted = "connect to \(database.endpoint.host) port \(database.endpoint.port)"
    // The count is asked for often and the machine is shared: no parallel workers, no compiling of short queries.
    let options = "-c client_min_messages=warning -c jit=off -c max_parallel_workers_per_gather=0"
    guard
      let handle = votingd_connect(
        database.endpoint.host, String(database.endpoint.port), database.name, database.user, database.password,
        options)
    else {
      throw PostgresError(code: .unreachable, attempted: attempted, cause: "out of memory")
    }
    self.handle = handle
    guard PQstatus(handle) == CONNECTION_OK else {
      throw PostgresError(code: .unreachable, attempted: attempted, cause: message())
    }
  }

  deinit {
    PQfinish(handle)
  }

  /// Runs one statement; its rows as texts, a null as the empty text.
  @discardableResult
  func rows(_ statement: String, attempted: String) throws(PostgresError) -> [[String]] {
    guard PQsendQuery(handle, statement) == 1 else { throw lost(attempted) }
    var rows: [[String]] = []
    let deadline = ContinuousClock.now + Self.answerLimit
    while let result = try next(before: deadline, attempted: attempted) {
      defer { PQclear(result) }
      try check(result, attempted: attempted)
      for row in 0..<PQntuples(result) {
        rows.append((0..<PQnfields(result)).map { String(cString: PQgetvalue(result, row, $0)) })
      }
    }
    return rows
  }

  /// Prepares a statement under a name.
  func prepare(_ name: String, _ statement: String) throws(PostgresError) {
    let attempted = "prepare \(name)"
    guard PQsendPrepare(handle, name, statement, 0, nil) == 1 else { throw lost(attempted) }
    let deadline = ContinuousClock.now + Self.answerLimit
    while let result = try next(before: deadline, attempted: attempted) {
      defer { PQclear(result) }
      try check(result, attempted: attempted)
    }
  }

  /// Runs a prepared statement once for each list of two or three texts, in order and in one transaction: all or
  /// nothing.
  ///
  /// Returns when it is committed.
  ///
  /// Everything is written before anything is read, so the answers have to fit the socket's buffers: some hundreds of
  /// rows, not many thousands.
  func transaction(_ name: String, _ parameters: [[String]], attempted: String) throws(PostgresError) {
    guard PQenterPipelineMode(handle) == 1, PQsendQueryParams(handle, "BEGIN", 0, nil, nil, nil, nil, 0) == 1 else {
      throw lost(attempted)
    }
    for row in parameters {
      let sent =
        row.count == 2
        ? votingd_send_prepared_2(handle, name, row[0], row[1])
        : votingd_send_prepared_3(handle, name, row[0], row[1], row[2])
      guard sent == 1 else { throw lost(attempted) }
    }
    guard PQsendQueryParams(handle, "COMMIT", 0, nil, nil, nil, nil, 0) == 1, PQpipelineSync(handle) == 1 else {
      throw lost(attempted)
    }
    try drainPipeline(attempted: attempted)
    guard PQexitPipelineMode(handle) == 1 else { throw lost(attempted) }
  }

  private func drainPipeline(attempted: String) throws(PostgresError) {
    var committed = false
    let deadline = ContinuousClock.now + Self.answerLimit
    while true {
      // A null stands between the results of two statements; the sync point is the end.
      guard let result = try next(before: deadline, attempted: attempted) else { continue }
      defer { PQclear(result) }
      if PQresultStatus(result) == PGRES_PIPELINE_SYNC { break }
      try check(result, attempted: attempted)
      committed = String(cString: PQcmdStatus(result)) == "COMMIT"
    }
    // COMMIT of a transaction that failed says ROLLBACK and is no error of its own.
    if !committed { throw PostgresError(code: .refused(state: ""), attempted: attempted, cause: "not committed") }
  }

  /// The next result, which the caller clears; nil at the end of a statement.
  private func next(
    before deadline: ContinuousClock.Instant, attempted: String
  ) throws(PostgresError) -> OpaquePointer? {
    while PQisBusy(handle) == 1 {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else {
        throw PostgresError(code: .lost, attempted: attempted, cause: "no answer within \(Self.answerLimit)")
      }
      var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
      _ = poll(&descriptor, 1, Int32(left / .milliseconds(1)) + 1)
      guard descriptor.revents == 0 || PQconsumeInput(handle) == 1 else { throw lost(attempted) }
    }
    return PQgetResult(handle)
  }

  private func check(_ result: OpaquePointer, attempted: String) throws(PostgresError) {
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return
    default:
      guard let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))) else { throw lost(attempted) }
      let cause = String(cString: PQresultErrorMessage(result))
      throw PostgresError(code: .refused(state: String(cString: state)), attempted: attempted, cause: oneLine(cause))
    }
  }

  private func lost(_ attempted: String) -> PostgresError {
    PostgresError(code: .lost, attempted: attempted, cause: message())
  }

  private func message() -> String {
    oneLine(String(cString: PQerrorMessage(handle)))
  }

  private func oneLine(_ text: String) -> String {
    text.split(separator: "\n").joined(separator: " ")
  }
}
