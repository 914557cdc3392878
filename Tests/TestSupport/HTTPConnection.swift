/// An HTTP/1.1 answer.
package struct HTTPAnswer: Sendable, Equatable {
  package let status: Int
  /// By lower-case name; the last of several with one name.
  package let headers: [String: String]
  package let body: String
}

/// A kept HTTP/1.1 connection to a loopback port or a unix socket, without any cleverness: what is given is sent, once.
package final class HTTPConnection {
  private let socket: LoopbackSocket

  package init(port: Int) throws {
    socket = try LoopbackSocket(port: port)
  }

  package init(unixSocketPath: String) throws {
    socket = try LoopbackSocket(unixSocketPath: unixSocketPath)
  }

  /// Sends a request on a connection of its own.
  package static func exchange(
    port: Int, _ method: String = "GET", _ path: String, headers: [String: String] = [:], body: String = ""
  ) throws -> HTTPAnswer {
    try HTTPConnection(port: port).exchange(method, path, headers: headers, body: body)
  }

  package func exchange(
    _ method: String = "GET", _ path: String, headers: [String: String] = [:], body: String = ""
  ) throws -> HTTPAnswer {
    try send(method, path, headers: headers, body: body)
    return try receive(hasBody: method != "HEAD")
  }

  package func send(_ method: String, _ path: String, headers: [String: String], body: String) throws {
    let fields = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
    let length = "Content-Length: \(body.utf8.count)\r\n"
    try socket.write("\(method) \(path) HTTP/1.1\r\nHost: oggy.local\r\n\(fields)\(length)\r\n\(body)")
  }

  package func receive(hasBody: Bool = true) throws -> HTTPAnswer {
    let start = try socket.line().split(separator: " ")
    guard start.count >= 2, let status = Int(start[1]) else { throw StageError("no HTTP answer: \(start)") }
    var headers: [String: String] = [:]
    while true {
      let line = try socket.line()
      if line.isEmpty { break }
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { throw StageError("no header: \(line)") }
      headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    let length = hasBody ? headers["content-length"].flatMap { Int($0) } ?? 0 : 0
    return HTTPAnswer(status: status, headers: headers, body: try socket.text(count: length))
  }
}
