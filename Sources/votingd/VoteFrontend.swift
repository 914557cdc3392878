import Hummingbird
import Synchronization

/// The vote frontend: shows the choices, and takes votes by pushing them to the Redis list `votes`.
///
/// A vote is answered with 200 only after Redis has taken it. 503 says that it surely was not pushed, 500 that it may
/// have been. Nothing is ever pushed a second time from here: that would make two votes of one.
final class VoteFrontend: Sendable {
  private static let bodyLimit = 4096

  private let configuration: Configuration
  private let redis: RedisClient
  private let readiness: Readiness
  private let fault: Fault?
  /// Nil where it is as fast as it can.
  private let pace: Pace?
  private let taken = Atomic<Int>(0)
  private let leaked = Mutex<[[UInt8]]>([])
  private let resources = PageResources(folder: "/vote")
  private let emptyPage: ByteBuffer
  /// The answer to a vote for each choice.
  private let pages: [String: ByteBuffer]

  init(configuration: Configuration, redis: RedisClient, fault: Fault?, pace traits: PodPace.Traits) {
    self.configuration = configuration
    self.redis = redis
    self.fault = fault
    let pace = traits.isNone ? nil : Pace(traits)
    self.pace = pace
    readiness = Readiness {
      if pace?.hasStarted == false { return ["It is still starting (VOTE_STARTUP)."] }
      // Else a rollout to it would go on in the moment before the crash.
      if case .crash = fault { return ["VOTE_FAULT=crash ends it soon."] }
      if fault == .neverReady { return ["VOTE_FAULT=never-ready keeps it from being ready."] }
      return await redis.missing()
    }
    let page: (String?) -> ByteBuffer = { [resources] vote in
      let page = Pages.vote(
        choices: configuration.choices, vote: vote, identity: configuration.identity, resources: resources)
      return ByteBuffer(string: page)
    }
    emptyPage = page(nil)
    pages = Dictionary(configuration.choices.map { ($0, page($0)) }) { first, _ in first }
  }

  /// Answers any request; never throws, since what goes wrong is an answer too.
  func respond(to request: Request) async -> Response {
    let path = Exchange.path(request)
    return switch path {
    case "/", "/vote", "/vote/":
      switch request.method {
      case .get, .head: Exchange.html(emptyPage, policy: Pages.policyOfVote)
      case .post: await cast(request)
      default: Exchange.notAllowed(allowed: "GET, HEAD, POST")
      }
    case "/healthz": Exchange.plain("Alive.", status: .ok)
    case "/readyz": await readiness.response()
    default: resources.response(path: path) ?? Exchange.notFound
    }
  }

  private func cast(_ request: Request) async -> Response {
    guard let form = try? await request.body.collect(upTo: Self.bodyLimit) else {
      // Whatever made it unreadable, it was too long or the client is gone and will not see the answer.
      return Exchange.plain("The form is longer than \(Self.bodyLimit) bytes.", status: .contentTooLarge)
    }
    let ballot: Ballot
    do throws(Ballot.Problem) {
      let cookies = request.headers[values: .cookie]
      ballot = try Ballot(form: form.readableBytesView, cookies: cookies, choices: configuration.choices)
    } catch {
      return Exchange.plain(error.sentence, status: .badRequest)
    }
    if let pace, await !pace.serve() {
      return Exchange.plain("The vote was not taken: too many wait before it.", status: .serviceUnavailable)
    }
    do throws(RedisError) {
      guard try await take(ballot) else {
        return Exchange.plain("The vote was not taken: VOTE_FAULT=error.", status: .internalServerError)
      }
    } catch {
      return failure(error)
    }
    return accepted(ballot, asJSON: Exchange.wantsJSON(request))
  }

  /// False when the fault of this process has the vote refused.
  private func take(_ ballot: Ballot) async throws(RedisError) -> Bool {
    guard let fault else {
      try await push(ballot.choice, of: ballot.voter)
      return true
    }
    switch fault.treatment(ofVote: taken.add(1, ordering: .relaxed).newValue) {
    case .push: try await push(ballot.choice, of: ballot.voter)
    case .pushNothing: break
    case .pushOther: try await push(other(than: ballot.choice), of: ballot.voter)
    case .pushTwice:
      try await push(ballot.choice, of: ballot.voter)
      try await push(ballot.choice, of: ballot.voter)
    case .refuse: return false
    }
    await suffer(fault)
    return true
  }

  private func push(_ choice: String, of voter: String) async throws(RedisError) {
    let vote = QueuedVote(id: Ballot.randomIdentifier(), voter: voter, choice: choice)
    _ = try await redis.call(RedisCommand("RPUSH", "votes", .text(vote.json)))
  }

  /// The next of the choices; with one alone there is no other, and the vote goes to a label that nobody offered.
  private func other(than choice: String) -> String {
    let choices = configuration.choices
    guard choices.count > 1, let index = choices.firstIndex(of: choice) else { return "not " + choice }
    return choices[(index + 1) % choices.count]
  }

  private func suffer(_ fault: Fault) async {
    switch fault {
    case .slow(let duration): try? await Task.sleep(for: duration)
    // Written to, so that it is memory and not a promise of it.
    case .leak(let bytes): leaked.withLock { $0.append([UInt8](repeating: 1, count: bytes)) }
    default: break
    }
  }

  private func failure(_ error: RedisError) -> Response {
    switch error.code {
    case .unreachable, .refused:
      // Nothing was sent, or Redis itself said no: surely not counted.
      Exchange.plain("The vote was not taken: Redis cannot take votes now.", status: .serviceUnavailable)
    case .lost:
      // The push was written and no reply came: Redis may have done it, nobody knows.
      Exchange.plain(
        "The vote may or may not have been taken: the connection to Redis was lost.",
        status: .internalServerError)
    }
  }

  private func accepted(_ ballot: Ballot, asJSON: Bool) -> Response {
    var response =
      if asJSON {
        Exchange.json(
          """
          {"vote":\(Pages.quoted(ballot.choice)),"voter_id":"\(ballot.voter)",\
          "pod":\(Pages.quoted(configuration.pod)),"version":\(Pages.quoted(configuration.version))}
          """)
      } else {
        Exchange.html(pages[ballot.choice] ?? emptyPage, policy: Pages.policyOfVote)
      }
    if ballot.voterIsNew { response.headers[.setCookie] = "voter_id=\(ballot.voter); Path=/; HttpOnly; SameSite=Lax" }
    return response
  }
}

/// The pace of this process, by its clock.
private final class Pace: Sendable {
  private let begun = ContinuousClock.now
  private let pace: Mutex<PodPace>

  init(_ traits: PodPace.Traits) { pace = Mutex(PodPace(traits)) }

  var hasStarted: Bool { pace.withLock { $0.hasStarted(now: ContinuousClock.now - begun) } }

  /// Returns when a vote that came now has been served; false at once where it would wait too long.
  func serve() async -> Bool {
    // To a moment and not for a time, so that what a sleep is late by does not add up.
    guard let end = pace.withLock({ $0.served(now: ContinuousClock.now - begun) }) else { return false }
    try? await Task.sleep(until: begun + end, clock: .continuous)
    return true
  }
}
