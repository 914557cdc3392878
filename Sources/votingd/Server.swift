import Glibc
import Hummingbird
import Logging
import NIOCore

/// The HTTP listener of a role.
///
/// SIGTERM closes the listener and the idle connections, lets the requests in hand be answered, and then `run` returns.
struct Server: Sendable {
  let configuration: Configuration
  let logger: Logger

  /// Serves until SIGTERM or SIGINT.
  ///
  /// Throws when it cannot listen. With `abrupt`, SIGTERM ends the process at once. `onStop` is called when the listener
  /// is closed: answers that would go on for ever have to end then.
  func run(
    abrupt: Bool = false, onStop: @escaping @Sendable () -> Void = {},
    respond: @escaping @Sendable (Request) async -> Response
  ) async throws {
    let fields = configuration.identity.fields
    let responder = CallbackResponder<BasicRequestContext> { request, _ in
      var response = await respond(request)
      for field in fields { response.headers.append(field) }
      return request.method == .head ? response.createHeadResponse() : response
    }
    let address = BindAddress.hostname(configuration.listenAddress, port: configuration.listenPort)
    let application = Application(
      responder: responder, configuration: ApplicationConfiguration(address: address, backlog: 1024),
      onServerRunning: { listener in listener.closeFuture.whenComplete { _ in onStop() } }, logger: logger)
    if abrupt {
      // A handler and not the default action: as the first process of a container it would ignore the signal.
      signal(SIGTERM) { _ in _exit(143) }
      try await application.runService(gracefulShutdownSignals: [])
    } else {
      try await application.runService()
    }
  }
}

/// What all roles have in common in reading requests and writing answers.
enum Exchange {
  /// The path without the query; "/" when there is none.
  static func path(_ request: Request) -> String {
    guard let target = request.head.path else { return "/" }
    guard let query = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return target }
    return query == target.startIndex ? "/" : String(target[..<query])
  }

  /// Whether the client asked for a stream of events, as browsers' EventSource does.
  static func wantsEvents(_ request: Request) -> Bool {
    request.headers[values: .accept].contains { $0.contains("text/event-stream") }
  }

  /// Whether the client asked for JSON rather than a page.
  static func wantsJSON(_ request: Request) -> Bool {
    request.headers[values: .accept].contains { $0.contains("application/json") }
  }

  /// A page; `policy` is what the browser has to keep it to.
  static func html(_ text: ByteBuffer, policy: String) -> Response {
    let headers: HTTPFields = [
      .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .contentSecurityPolicy: policy,
    ]
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: text))
  }

  static func json(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
    answer(text, type: "application/json", status: status)
  }

  /// A plain sentence, for errors and probes.
  static func plain(_ text: String, status: HTTPResponse.Status) -> Response {
    answer(text + "\n", type: "text/plain; charset=utf-8", status: status)
  }

  /// The answer to a path that a role does not have.
  static let notFound = plain("There is nothing at this path.", status: .notFound)

  /// The answer to a method that a path does not have.
  static func notAllowed(allowed: String) -> Response {
    var response = plain("This path answers \(allowed) only.", status: .methodNotAllowed)
    response.headers[.allow] = allowed
    return response
  }

  private static func answer(_ text: String, type: String, status: HTTPResponse.Status) -> Response {
    let headers: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
