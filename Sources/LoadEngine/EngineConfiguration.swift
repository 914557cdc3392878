package import Bench

/// Where votes go, how, and when.
package struct EngineConfiguration: Sendable {
  /// How votes are sent.
  package typealias Lane = RunProfile.Lane
  /// A version of HTTP.
  package typealias HTTPVersion = RunProfile.HTTPVersion

  /// Where the answering pod's name stands in a body: after one text and before another.
  package struct PodPattern: Sendable, Hashable {
    /// What stands just before the name.
    package var before: String
    /// What stands just after it.
    package var after: String

    /// A text with one `*` where the name stands; nil for any other.
    package init?(_ text: String) {
      let parts = text.split(separator: "*", omittingEmptySubsequences: false)
      guard parts.count == 2, text.utf8.count > 1 else { return nil }
      before = String(parts[0])
      after = String(parts[1])
    }
  }

  /// Scheme, host and port: `https://oggy.local:8443`.
  package var origin: String
  /// Path of the vote frontend, beginning with a slash.
  package var votePath: String
  /// Where the tally is read; those that are commands are somebody else's to read.
  package var tallySources: [TallySource]
  /// When votes are due.
  package var schedule: Schedule
  /// Who votes for what.
  package var ballot: Ballot
  /// How a vote is put.
  package var wire = VoteWire()
  /// `HOST:PORT:ADDRESS`, as curl's `--resolve` takes it; nil to ask the system, again for each new connection.
  package var resolve: String?
  /// File of certificate authorities, PEM; nil for the system's.
  package var caCertificate: String?
  /// True to accept any certificate.
  package var acceptsAnyCertificate = false
  /// File with the client's certificate, PEM; nil for none.
  package var clientCertificate: String?
  /// File with its key, PEM; nil when the certificate's file holds it.
  package var clientKey: String?
  /// Address to send from; nil for the system's choice.
  package var sourceAddress: String?
  /// Header lines of the user's for each vote, `Name: value`.
  package var headers: [String] = []
  /// How votes are sent; `.direct` with `.one` only.
  package var lane = Lane.direct
  /// The version of HTTP.
  package var http = HTTPVersion.one
  /// Votes that may share a connection at a time; above 1 with HTTP/2 and one connection only.
  package var streams = 1
  /// Threads that send, at most one for each connection; votes are dealt out to them by their index.
  package var threads = 1
  /// Kept connections for votes, all opened before the first vote; at least 1, at most 128 a thread.
  package var connections = 64
  /// The share of votes that take a new connection each, 0...1.
  package var freshShare = 0.0
  /// A kept connection that is older takes no further vote, in whole seconds; nil for no limit.
  package var maximumConnectionAge: Duration?
  /// A vote may take this long from its sending; one unsent this long after it was due is dropped.
  package var timeout = Duration.seconds(10)
  /// Time between two polls of the tally.
  package var pollInterval = Duration.milliseconds(500)
  /// URL that is probed beside the votes, once a second; nil for none.
  package var controlURL: String?
  /// Header that names the pod that answered.
  package var podHeader = "X-Pod"
  /// Header that names its version.
  package var versionHeader = "X-Version"
  /// Where a body names the pod, in place of the header; nil for the header.
  package var podPattern: PodPattern?
  /// True to wake by a timer's descriptor in place of `epoll_pwait2`, as on kernels that have none.
  package var usesTimerDescriptor = false

  /// A configuration; everything else has the defaults of `run`, see the members.
  package init(origin: String, votePath: String, tallySources: [TallySource], schedule: Schedule, ballot: Ballot) {
    self.origin = origin
    self.votePath = votePath
    self.tallySources = tallySources
    self.schedule = schedule
    self.ballot = ballot
  }

  /// The most connections that one CURLM has: its work on each vote grows with them.
  package static let connectionsPerThread = 128
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

  /// libcurl could not allocate a handle.
  static var outOfMemory: EngineError {
    EngineError(code: .setUp, attempted: "preparing libcurl", cause: "no memory", remedy: "Lower --connections.")
  }
}

/// What the engine tells while it runs, in the order in which it happened.
package enum EngineEvent: Sendable {
  /// All connections are open: the first vote may be due.
  case connected
  /// Connections that were opened since the last such event, before the first vote and for votes.
  case connections([ConnectionTimes])
  /// Votes that ended since the last such event, and how many were handed to a connection since then.
  case votes([Observation], sent: Int)
  /// A good poll of a tally source, by its number, with the name of the pod that answered, empty where nobody says.
  case tally(TallySample, pod: String)
  /// A poll that gave no tally, and in a few words why.
  case tallyFailed(source: Int, reason: String)
  /// Every vote due before the end has its outcome.
  case votesEnded
  /// The engine cannot work; nothing follows.
  case failed(EngineError)
  /// The last event: the generator's own figures.
  case stopped(GeneratorFigures)
}
