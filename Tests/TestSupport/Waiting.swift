/// Waits until a condition holds, looking every few milliseconds; throws, naming it, when the limit has passed.
///
/// A condition that throws counts as one that does not hold yet: a server that starts refuses at first.
package func waitUntil(
  _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  var problem: (any Error)?
  while true {
    do {
      if try await condition() { return }
      problem = nil
    } catch {
      problem = error
    }
    guard ContinuousClock.now < deadline else {
      let why = problem.map { ": \($0)" } ?? ""
      throw StageError("waited \(limit) in vain until \(what)\(why)")
    }
    try await Task.sleep(for: .milliseconds(5))
  }
}
