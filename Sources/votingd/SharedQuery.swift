/// One query at a time for however many ask, without making anything older than it was when they asked.
///
/// Who asks while a query runs does not get its result, which may have been read before they asked: they share the
/// next one, which begins when the running one ends. So every answer is at least as fresh as its request.
actor SharedQuery<Value: Sendable> {
  private typealias Answer = Swift.Result<Value, PostgresError>

  private let query: @Sendable () async throws(PostgresError) -> Value
  private var running: Task<Answer, Never>?
  private var next: Task<Answer, Never>?

  init(query: @escaping @Sendable () async throws(PostgresError) -> Value) {
    self.query = query
  }

  /// The outcome of a query that begins after this call.
  func value() async -> Swift.Result<Value, PostgresError> {
    if let next { return await next.value }
    let previous = running
    let task = Task {
      _ = await previous?.value
      return await run()
    }
    next = task
    return await task.value
  }

  private func run() async -> Answer {
    // From here on the query may have read the table: later arrivals need another one.
    running = next
    next = nil
    do throws(PostgresError) {
      return .success(try await query())
    } catch {
      return .failure(error)
    }
  }
}
