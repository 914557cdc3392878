import Hummingbird

/// The result frontend: shows the tally, as a page, as JSON or as a stream of events.
final class ResultFrontend: Sendable {
  private let configuration: Configuration
  private let readiness: Readiness
  private let tallies: SharedQuery<Tally>
  private let live: LiveTally
  private let resources = PageResources(folder: "/result")

  init(configuration: Configuration, postgres: Postgres, lag: Duration?) {
    self.configuration = configuration
    readiness = Readiness { await postgres.missing() }
    let choices = configuration.choices
    let replica = lag.map(LaggingReplica.init)
    let tallies = SharedQuery { () throws(PostgresError) in
      let tally = Tally(choices: choices, rows: try await postgres.tally())
      return await replica?.shown(for: tally, at: .now) ?? tally
    }
    self.tallies = tallies
    live = LiveTally {
      switch await tallies.value() {
      case .success(let tally): .tally(tally)
      case .failure: .unavailable
      }
    }
  }

  /// Ends the streams: they would keep the process from stopping.
  func stop() {
    Task { await live.stop() }
  }

  /// Answers any request; never throws, since what goes wrong is an answer too.
  func respond(to request: Request) async -> Response {
    let path = Exchange.path(request)
    switch path {
    case "/", "/result", "/result/", "/result/events":
      guard request.method == .get || request.method == .head else { return Exchange.notAllowed(allowed: "GET, HEAD") }
      if path == "/result/events" || Exchange.wantsEvents(request) { return await events() }
      return await tally(asJSON: Exchange.wantsJSON(request))
    case "/healthz": return Exchange.plain("Alive.", status: .ok)
    case "/readyz": return await readiness.response()
    default: return resources.response(path: path) ?? Exchange.notFound
    }
  }

  private func events() async -> Response {
    guard let events = await live.listen() else {
      return Exchange.plain("There are too many listeners, or this pod stops.", status: .serviceUnavailable)
    }
    let body = ResponseBody { writer in
      // When a stream ends, the browser asks again after so many milliseconds.
      try await writer.write(ByteBuffer(string: "retry: 500\n\n"))
      for await event in events { try await writer.write(ByteBuffer(string: event)) }
      try await writer.finish(nil)
    }
    var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
    // For nginx: an event that waits in a buffer is none.
    if let name = HTTPFields.Element.Name("X-Accel-Buffering") { headers[name] = "no" }
    return Response(status: .ok, headers: headers, body: body)
  }

  private func tally(asJSON: Bool) async -> Response {
    switch await tallies.value() {
    case .success(let tally):
      if asJSON { return Exchange.json(tally.json) }
      let page = Pages.result(tally: tally, identity: configuration.identity, resources: resources)
      return Exchange.html(ByteBuffer(string: page), policy: Pages.policyOfResult)
    case .failure:
      return Exchange.plain("The tally cannot be read now: PostgreSQL does not answer.", status: .serviceUnavailable)
    }
  }
}
