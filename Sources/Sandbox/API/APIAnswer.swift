/// What the API answers, before it is put into HTTP.
enum APIAnswer: Sendable {
  /// One object, with its HTTP status and its media type.
  case json(JSON, status: Int = 200, type: String = "application/json")
  /// One object, and what a person should be told about it, in `Warning` headers.
  case warned(JSON, status: Int, warnings: [String])
  /// Bytes as they are.
  case bytes([UInt8], status: Int = 200, type: String)
  /// A stream of changes.
  case watch(WatchFeed)
  /// A container's log.
  case log(LogFeed)
  /// A command in a container, whose streams take the connection over.
  case exec(ExecRequest)

  /// Plain text.
  static func text(_ text: String, status: Int = 200) -> APIAnswer {
    .bytes([UInt8](text.utf8), status: status, type: "text/plain; charset=utf-8")
  }

  /// One object, with warnings if there are any.
  static func object(_ object: JSON, status: Int = 200, warnings: [String]) -> APIAnswer {
    warnings.isEmpty ? .json(object, status: status) : .warned(object, status: status, warnings: warnings)
  }

  /// A failure.
  static func failure(_ status: APIStatus) -> APIAnswer { .json(status.json, status: status.httpStatus) }

  /// A warning as a header has it (RFC 7234, section 5.5).
  static func header(_ warning: String) -> String {
    let text = warning.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "299 - \"\(text)\""
  }
}
