import Dispatch

/// PostgreSQL by name: one connection, made when it is first needed and made anew after any error.
///
/// libpq blocks, and must not do so on the threads that tasks share: this actor has a queue of its own, and the
/// connection never leaves it.
actor Postgres {
  private static let createVotes = "CREATE TABLE IF NOT EXISTS votes(id text PRIMARY KEY, vote text NOT NULL)"
  private static let createCounted = """
    CREATE TABLE IF NOT EXISTS counted(message_id text PRIMARY KEY, voter_id text NOT NULL, vote text NOT NULL)
    """
  private static let upsert = """
    INSERT INTO votes(id, vote) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET vote = EXCLUDED.vote
    """
  /// A message that was counted before changes nothing: delivered again, it must not undo a later vote.
  private static let count = """
    WITH fresh AS (
      INSERT INTO counted(message_id, voter_id, vote) VALUES ($1, $2, $3)
      ON CONFLICT (message_id) DO NOTHING RETURNING voter_id, vote)
    INSERT INTO votes(id, vote) SELECT voter_id, vote FROM fresh ON CONFLICT (id) DO UPDATE SET vote = EXCLUDED.vote
    """

  /// Without a key that a message has once: delivered again, it is counted again.
  private static let countDelivery = """
    WITH fresh AS (
      INSERT INTO counted(message_id, voter_id, vote) VALUES ($1 || ' ' || gen_random_uuid(), $2, $3)
      RETURNING voter_id, vote)
    INSERT INTO votes(id, vote) SELECT voter_id, vote FROM fresh ON CONFLICT (id) DO UPDATE SET vote = EXCLUDED.vote
    """

  private let database: Configuration.Database
  private let executor = QueueExecutor(label: "postgres")
  private var connection: PostgresConnection?
  /// Whether this connection has made the tables and prepared the statements.
  private var canStore = false

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(database: Configuration.Database) {
    self.database = database
  }

  /// The rows of the table per label, from one statement and so from one moment.
  ///
  /// A missing table has no rows.
  func tally() throws(PostgresError) -> [Tally.Count] {
    do throws(PostgresError) {
      let rows = try read("SELECT vote, count(*) FROM votes GROUP BY vote", attempted: "count the votes")
      return rows.map { Tally.Count(label: $0[0], count: Int($0[1]) ?? 0) }
    } catch {
      if error.isMissingTable { return [] }
      throw error
    }
  }

  /// Stores votes in their order, all or none; makes the tables when they are missing.
  ///
  /// Storing the same again changes nothing as long as no later vote of the same voter came between.
  func store(_ votes: [QueuedVote], semantics: Configuration.Semantics) throws(PostgresError) {
    try using { (connection) throws(PostgresError) in
      try prepareToStore(connection)
      switch semantics {
      case .upsert:
        try connection.transaction("upsert", votes.map { [$0.voter, $0.choice] }, attempted: "store votes")
      case .count, .atLeastOnce:
        let statement = semantics == .count ? "count" : "countDelivery"
        try connection.transaction(statement, votes.map { [$0.id, $0.voter, $0.choice] }, attempted: "store votes")
      }
    }
  }

  /// Makes the tables that are missing.
  func makeTables() throws(PostgresError) {
    try using { (connection) throws(PostgresError) in try prepareToStore(connection) }
  }

  /// For readiness: a sentence when PostgreSQL does not answer a query.
  func missing() -> [String] {
    do throws(PostgresError) {
      _ = try read("SELECT 1", attempted: "ask whether it is there")
      return []
    } catch {
      return ["PostgreSQL is not reachable at \(database.endpoint.host) port \(database.endpoint.port)."]
    }
  }

  /// Once for each connection: a database that was restored to before the tables is a new connection too.
  private func prepareToStore(_ connection: PostgresConnection) throws(PostgresError) {
    guard !canStore else { return }
    for statement in [Self.createVotes, Self.createCounted] {
      do throws(PostgresError) {
        try connection.rows(statement, attempted: "create a table")
      } catch {
        // Two that create it at the same moment: one fails on the catalogue's unique index, and the table is there.
        guard case .refused(let state) = error.code, ["23505", "42P07"].contains(state) else { throw error }
      }
    }
    try connection.prepare("upsert", Self.upsert)
    try connection.prepare("count", Self.count)
    try connection.prepare("countDelivery", Self.countDelivery)
    canStore = true
  }

  /// A read is tried once more on a new connection: the old one may have ended unnoticed since it was last used.
  private func read(_ statement: String, attempted: String) throws(PostgresError) -> [[String]] {
    let isUsed = connection != nil
    do throws(PostgresError) {
      return try using { (connection) throws(PostgresError) in try connection.rows(statement, attempted: attempted) }
    } catch {
      guard isUsed, error.isEndOfConnection else { throw error }
      return try using { (connection) throws(PostgresError) in try connection.rows(statement, attempted: attempted) }
    }
  }

  private func using<Value>(
    _ body: (PostgresConnection) throws(PostgresError) -> Value
  ) throws(PostgresError) -> Value {
    let connection: PostgresConnection
    if let known = self.connection {
      connection = known
    } else {
      connection = try PostgresConnection(to: database)
      self.connection = connection
    }
    do throws(PostgresError) {
      return try body(connection)
    } catch {
      self.connection = nil
      canStore = false
      throw error
    }
  }
}

/// Runs an actor's jobs on a dispatch queue of its own.
private final class QueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) {
    queue = DispatchQueue(label: label)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
