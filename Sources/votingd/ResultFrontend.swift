import Hummingbird

/// The result frontend: shows the tally, as a page or as JSON.
final class ResultFrontend: Sendable {
  private let configuration: Configuration
  private let readiness: Readiness
  private let tallies: SharedQuery<Tally>

  init(configuration: Configuration, postgres: Postgres) {
    self.configuration = configuration
    readiness = Readiness { await postgres.missing() }
    let choices = configuration.choices
    tallies = SharedQuery { () throws(PostgresError) in
      Tally(choices: choices, rows: try await postgres.tally())
    }
  }

  /// Answers any request; never throws, since what goes wrong is an answer too.
  func respond(to request: Request) async -> Response {
    switch Exchange.path(request) {
    case "/", "/result", "/result/":
      switch request.method {
      case .get, .head: await tally(asJSON: Exchange.wantsJSON(request))
      default: Exchange.notAllowed(allowed: "GET, HEAD")
      }
    case "/healthz": Exchange.plain("Alive.", status: .ok)
    case "/readyz": await readiness.response()
    default: Exchange.notFound
    }
  }

  private func tally(asJSON: Bool) async -> Response {
    switch await tallies.value() {
    case .success(let tally):
      asJSON ? Exchange.json(tally.json) : Exchange.html(Pages.result(tally: tally, identity: configuration.identity))
    case .failure:
      Exchange.plain("The tally cannot be read now: PostgreSQL does not answer.", status: .serviceUnavailable)
    }
  }
}
