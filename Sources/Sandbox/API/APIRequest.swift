/// A request to the API, its path taken apart: which kind, which object, which part of it.
struct APIRequest: Sendable {
  /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
  var method: String
  /// The path without the query, decoded, in parts.
  var path: [String]
  /// The query, decoded; of repeated names the last.
  var query: [String: String]
  /// All values of each name in the query, in order.
  var repeated: [String: [String]] = [:]
  /// What the client would like to be answered.
  var accept: String
  /// What the body is, without parameters.
  var contentType: String
  /// The body.
  var body: [UInt8]
  /// The program that asks, such as `kubectl/v1.37.1`.
  var userAgent: String

  /// Takes a request target such as `/api/v1/pods?limit=500` apart.
  init(
    method: String, target: String, accept: String = "", contentType: String = "", body: [UInt8] = [],
    userAgent: String = ""
  ) {
    self.method = method
    self.userAgent = userAgent
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = parts[0].split(separator: "/").map { Self.decoded($0, plusIsSpace: false) }
    query = [:]
    for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let (name, value) = (Self.decoded(sides[0]), sides.count > 1 ? Self.decoded(sides[1]) : "")
      query[name] = value
      repeated[name, default: []].append(value)
    }
    self.accept = accept
    let type = contentType.split(separator: ";", maxSplits: 1).first.map(String.init) ?? ""
    self.contentType = type.filter { $0 != " " }.lowercased()
    self.body = body
  }

  // Go's clients write a space in a query as a plus sign.
  private static func decoded(_ text: Substring, plusIsSpace: Bool = true) -> String {
    var out: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        out.append(code)
        rest = rest.dropFirst(2)
      } else {
        out.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// Whether a query parameter says yes.
  func flag(_ name: String) -> Bool {
    query[name].map { ["true", "1", ""].contains($0) } ?? false
  }

  /// Whether the client wants nothing to be stored.
  var isDryRun: Bool { query["dryRun"] == "All" }

  /// Whether the client prefers rows and columns to objects, as `kubectl get` does.
  var wantsTable: Bool { accept.contains("as=Table") }

  /// Who makes a change: the query's `fieldManager`, else the program's name.
  var fieldManager: String {
    if let named = query["fieldManager"], !named.isEmpty { return named }
    return userAgent.split(separator: "/").first.map(String.init) ?? "unknown"
  }

  /// Reads the body as an object of a kind, or as options of a request.
  ///
  /// Throws `badRequest`, with the words of a real server where there is none, and `unsupportedMediaType` for what
  /// is neither JSON nor protobuf.
  func object() throws(APIStatus) -> JSON {
    switch contentType {
    case "application/vnd.kubernetes.protobuf":
      guard let object = Protobuf.object(body) else {
        throw APIStatus(.badRequest, "the object provided is unrecognized (must be of type Object): no protobuf")
      }
      return object
    case "", "application/json", "*/*": return try json()
    default:
      throw APIStatus(
        .unsupportedMediaType,
        "the body of the request was in an unknown format - accepted media types include: application/json, "
          + "application/vnd.kubernetes.protobuf", details: [:])
    }
  }

  /// Reads the body as JSON, whatever its type is.
  ///
  /// Throws `badRequest`, with the words of a real server where there is none.
  func json() throws(APIStatus) -> JSON {
    guard !body.isEmpty else { throw APIStatus(.badRequest, "unexpected end of JSON input") }
    do {
      return try JSON(parsing: body)
    } catch {
      throw APIStatus(.badRequest, "the object provided is unrecognized: \(error)")
    }
  }
}

/// What an API path names.
struct APITarget: Equatable, Sendable {
  /// The kind.
  var resource: Resource
  /// The namespace, or nil for all of them.
  var namespace: String?
  /// The object, or nil for the whole collection.
  var name: String?
  /// A part of the object, such as `scale`.
  var subresource: String?

  /// Reads a path below `/api` or `/apis`; nil if it names nothing that is served.
  init?(path: [String]) {
    let group: String
    var rest: ArraySlice<String>
    switch path.first {
    case "api" where path.count > 2:
      (group, rest) = ("", path[1...])
    case "apis" where path.count > 3:
      (group, rest) = (path[1], path[2...])
    default: return nil
    }
    let version = rest.removeFirst()
    // /namespaces/NAME and its own parts name the namespace itself, anything longer what is in it.
    if rest.first == "namespaces", rest.count > 2, !["status", "finalize"].contains(rest[rest.startIndex + 2]) {
      namespace = rest[rest.startIndex + 1]
      rest = rest.dropFirst(2)
    }
    guard let plural = rest.popFirst(), let found = Resource.named(plural, group: group, version: version),
      found.namespaced || namespace == nil
    else { return nil }
    resource = found
    name = rest.popFirst()
    subresource = rest.popFirst()
    guard rest.isEmpty, subresource.map(found.subresources.contains) ?? true else { return nil }
  }
}
