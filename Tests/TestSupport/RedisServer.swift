/// A real redis-server of one test.
package struct RedisServer: Sendable {
  package let port: Int
  package let process: ServerProcess

  /// Starts one and waits until it answers.
  ///
  /// On a given port it may be the successor of one that was killed: it appends every write to a file of the stage
  /// before it answers, and reads that file when it starts.
  package init(on stage: Stage, port given: Int? = nil) async throws {
    let port = try given ?? FreePort.next()
    self.port = port
    process = try stage.start(
      try Executables.system("redis-server"),
      [
        "--port", "\(port)", "--bind", "127.0.0.1", "--dir", stage.folder, "--save", "", "--appendonly", "yes",
        "--appendfsync", "no", "--appenddirname", "redis-\(port)",
      ], name: "redis-\(port)")
    try await waitUntil("Redis answers") { [self] in try command("PING") == ["PONG"] }
  }

  /// Runs one command; its reply, flattened: an array gives its elements, null gives none.
  @discardableResult
  package func command(_ words: String...) throws -> [String] {
    try RedisConversation(port: port).command(words)
  }
}

/// A connection to Redis on which commands follow one another.
package final class RedisConversation {
  private let socket: LoopbackSocket

  package init(port: Int) throws {
    socket = try LoopbackSocket(port: port)
  }

  /// Runs one command; throws the error that Redis answers.
  @discardableResult
  package func command(_ words: [String]) throws -> [String] {
    let parts = words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }
    try socket.write("*\(words.count)\r\n" + parts.joined())
    return try reply()
  }

  private func reply() throws -> [String] {
    let line = try socket.line()
    let rest = String(line.dropFirst())
    switch line.first {
    case "+", ":": return [rest]
    case "$":
      guard let length = Int(rest), length >= 0 else { return [] }
      return [String(try socket.text(count: length + 2).unicodeScalars.dropLast(2))]
    case "*": return try (0..<max(0, Int(rest) ?? 0)).flatMap { _ in try reply() }
    default: throw StageError("Redis: \(line)")
    }
  }
}
