package import Bench

/// Where votes go, how, and when.
package struct EngineConfiguration: Sendable {
  /// Scheme, host and port: `https://oggy.local:8443`.
  package var origin: String
  /// Path of the vote frontend, beginning with a slash.
  package var votePath: String
  /// Path of the result frontend, beginning with a slash.
  package var resultPath: String
  /// `HOST:PORT:ADDRESS`, as curl's `--resolve` takes it; nil to ask the system.
  package var resolve: String?
  /// File of certificate authorities, PEM; nil for the system's.
  package var caCertificate: String?
  /// True to accept any certificate.
  package var acceptsAnyCertificate: Bool
  /// Connections for votes, all opened before the first vote; at least 1.
  package var connections: Int
  /// A vote may take this long from its sending; one unsent this long after it was due is dropped.
  package var timeout: Duration
  /// Time between two polls of the tally.
  package var pollInterval: Duration
  /// When votes are due.
  package var schedule: Schedule
  /// Who votes for what.
  package var ballot: Ballot

  /// A configuration; see the members.
  package init(
    origin: String, votePath: String, resultPath: String, resolve: String?, caCertificate: String?,
    acceptsAnyCertificate: Bool, connections: Int, timeout: Duration, pollInterval: Duration, schedule: Schedule,
    ballot: Ballot
  ) {
    self.origin = origin
    self.votePath = votePath
    self.resultPath = resultPath
    self.resolve = resolve
    self.caCertificate = caCertificate
    self.acceptsAnyCertificate = acceptsAnyCertificate
    self.connections = connections
    self.timeout = timeout
    self.pollInterval = pollInterval
    self.schedule = schedule
    self.ballot = ballot
  }
}

/// What the engine itself could not do.
///
/// What the system under test does wrong is an outcome of a vote, never this.
package struct EngineError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds.
  package enum Code: Sendable, Hashable {
    /// libcurl or the kernel refused what the engine needs.
    case setUp
    /// The target does not answer, or not with success, before the first vote.
    case unreachable
  }

  package var code: Code
  /// What was tried.
  package var attempted: String
  /// What happened.
  package var cause: String
  /// What to do.
  package var remedy: String

  /// One line for people.
  package var description: String { "\(attempted): \(cause). \(remedy)" }
}

/// What the engine tells while it runs, in the order in which it happened.
package enum EngineEvent: Sendable {
  /// All connections are open: the first vote may be due.
  case connected
  /// Votes that ended since the last such event.
  case votes([Observation])
  /// A good poll of the tally.
  case tally(TallySample)
  /// A poll that gave no tally, and why.
  case tallyFailed(Cause)
  /// Every vote due before the end has its outcome.
  case votesEnded
  /// The engine cannot work; nothing follows.
  case failed(EngineError)
  /// The last event: the generator's own figures.
  case stopped(GeneratorFigures)
}
