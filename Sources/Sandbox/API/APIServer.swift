import FoundationEssentials
import Hummingbird
package import Logging

/// The API server: the API over HTTP on a unix socket.
///
/// A TLS server in front of it checks the client's certificate and says so in the header `X-Client-Verify`; whoever
/// comes without `SUCCESS` there is answered 401.
package struct APIServer: Sendable {
  private let service: APIService
  private let log: Logger

  /// A server of a store's objects.
  ///
  /// `podLog` gives the file with a pod's log, by namespace, name, and whether the log of the container before the
  /// last restart is meant; nil if there is none.
  package init(
    store: ObjectStore, log: Logger = Logger(label: "votebench.api"),
    podLog: @escaping @Sendable (_ namespace: String, _ name: String, _ previous: Bool) -> String? = { _, _, _ in nil }
  ) {
    self.log = log
    service = APIService(store: store, podLog: podLog)
  }

  /// Serves until the task is cancelled, which also ends open watches at once.
  ///
  /// `onReady` is called once requests are taken. A socket file that is there already is replaced. Throws if the
  /// socket cannot be bound.
  package func run(unixSocketPath: String, onReady: @escaping @Sendable () async -> Void = {}) async throws {
    var log = log
    log.logLevel = .critical  // Hummingbird calls even its own end by cancellation an error
    let application = Application(
      responder: APIResponder(service: service),
      configuration: ApplicationConfiguration(address: .unixDomainSocket(path: unixSocketPath), serverName: nil),
      onServerRunning: { _ in await onReady() }, logger: log)
    try await application.run()
  }

  /// Waits until the server has taken every connection that was made before this call; at most 2 s.
  ///
  /// Connections are taken in their order, so the answer to a last one says it. To be called before ``run`` is
  /// cancelled, when nobody connects any more: NIO traps on a connection that is taken after the end.
  package static func takeLast(unixSocketPath: String) async {
    _ = await PlainHTTP.request("GET", "/healthz", to: .unix(unixSocketPath), within: .seconds(2))
  }
}

/// Turns HTTP requests into API requests, and answers back.
private struct APIResponder: HTTPResponder {
  let service: APIService

  // As large as a real server takes (3 MiB).
  static let longestBody = 3 << 20

  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    response(await answer(request))
  }

  private func answer(_ request: Request) async -> APIAnswer {
    guard header("x-client-verify", of: request) == "SUCCESS" else {
      return .failure(APIStatus(.unauthorized, "Unauthorized"))
    }
    let target = "\(request.uri.path)?\(request.uri.query ?? "")"
    guard let body = try? await request.body.collect(upTo: Self.longestBody) else {
      return .failure(APIStatus(.tooLarge, "Request entity too large: limit is \(Self.longestBody)"))
    }
    return service.answer(
      APIRequest(
        method: request.method.rawValue, target: target, accept: header("accept", of: request),
        contentType: header("content-type", of: request), body: [UInt8](body.readableBytesView)))
  }

  private func header(_ name: String, of request: Request) -> String {
    request.headers.first { $0.name.canonicalName == name }?.value ?? ""
  }

  private func response(_ answer: APIAnswer) -> Response {
    switch answer {
    case .json(let object, let status, let type):
      response(object.bytes, status: .init(code: status), type: type)
    case .bytes(let bytes, let type):
      response(bytes, status: .ok, type: type)
    case .watch(let feed):
      Response(
        status: .ok, headers: headers("application/json"),
        body: ResponseBody(asyncSequence: feed.lines().map { ByteBuffer(bytes: $0) }))
    }
  }

  private func response(_ bytes: [UInt8], status: HTTPResponse.Status, type: String) -> Response {
    Response(status: status, headers: headers(type), body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private func headers(_ type: String) -> HTTPFields {
    [.contentType: type, .cacheControl: "no-cache, private"]
  }
}
