/// Everything that a run does, validated and complete: no optional here means "default".
package struct RunProfile: Sendable, Hashable {
  /// Where votes go.
  package enum Target: Sendable, Hashable {
    /// The voting system on this machine, started for the run and gone afterwards.
    case sandbox
    /// An ingress: `https://host[:port]`.
    case url(String)
  }

  /// Versions of HTTP, spelled as the flag takes them.
  package enum HTTPVersion: String, Sendable, Hashable, CaseIterable {
    /// One request at a time on a connection.
    case one = "1.1"
    /// Streams within a connection.
    case two = "2"
  }

  /// How a vote is put on a connection.
  package enum Lane: String, Sendable, Hashable, CaseIterable {
    /// One prebuilt write and a strict reader of our own, on connections that libcurl opened; HTTP/1.1.
    case direct
    /// libcurl's own transfers; both versions of HTTP.
    case transfer
  }

  /// A header that every vote carries beside votebench's own.
  package struct Header: Sendable, Hashable {
    /// Its name, a token.
    package var name: String
    /// Its value, without line breaks.
    package var value: String

    /// A header; see the members.
    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// What is changed in the cluster in the middle of the load, and how it is reached.
  package struct Rollout: Sendable, Hashable {
    /// Namespace of all that changes.
    package var namespace: String
    /// Kubeconfig context; nil for kubectl's current one.
    package var context: String?
    /// A kubeconfig file; nil for kubectl's own choice.
    package var kubeconfig: String?
    /// Name of kubectl on PATH, or a path.
    package var kubectl: String
    /// The changes, at least one: made one after the other, each when the one before is complete.
    package var changes: [RolloutChange]
    /// How every workload of `changes` rolls during the run; nil to leave it as it is.
    package var strategy: StrategyChange?
    /// How long load goes on between the last change and the rollback.
    package var settle: Duration
    /// How long load goes on after the rollback.
    package var recovered: Duration
    /// How long each change may take, and its rollback again.
    package var timeout: Duration
    /// True when all changes are put back after `settle`, the last one first; at once after one that failed.
    package var rollback: Bool

    /// A rollout; see the members.
    package init(
      namespace: String, context: String? = nil, kubeconfig: String? = nil, kubectl: String, changes: [RolloutChange],
      strategy: StrategyChange? = nil, settle: Duration, recovered: Duration, timeout: Duration, rollback: Bool
    ) {
      precondition(!changes.isEmpty, "a rollout changes something")
      self.namespace = namespace
      self.context = context
      self.kubeconfig = kubeconfig
      self.kubectl = kubectl
      self.changes = changes
      self.strategy = strategy
      self.settle = settle
      self.recovered = recovered
      self.timeout = timeout
      self.rollback = rollback
    }
  }

  /// Where votes go.
  package var target: Target
  /// Path of the vote frontend on the target.
  package var votePath: String
  /// How a vote is put.
  package var wire: VoteWire
  /// What can be voted for, before a private label is made of it.
  package var choices: [String]
  /// Votes are for labels of this run alone, `vb-<run>-<choice>`: others may vote meanwhile.
  package var hasPrivateLabels: Bool
  /// Where the tally is read, at least one.
  package var tallySources: [TallySource]
  /// The command that prints `voter<TAB>choice` for every counted vote, `{prefix}` in it standing for the beginning of
  /// this run's voters; nil where nobody says, and on the sandbox, which has its own.
  package var export: [String]?
  /// What a vote does to the tally, and what a row of the export stands for; the sandbox knows its own.
  package var semantics: ConsistencyRules.Semantics
  /// `HOST:PORT:ADDRESS` in place of a look-up of the target's host; nil to look it up.
  package var resolve: String?
  /// File of certificate authorities, PEM; nil for those of the machine.
  package var caCertificate: String?
  /// True when any certificate of the target will do.
  package var acceptsAnyCertificate: Bool
  /// File of a client certificate, PEM; nil for none.
  package var cert: String?
  /// File of its private key, PEM; nil when `cert` holds it.
  package var key: String?
  /// The address of this machine that connections come from; nil for the system's choice.
  package var sourceAddress: String?
  /// When votes are due; warmup included.
  package var schedule: Schedule
  /// Load before the baseline that is never counted; may be zero.
  package var warmup: Duration
  /// The baseline; without a rollout the whole measurement.
  package var baseline: Duration
  /// Threads that send votes, at least 1, each with at most 128 of the connections.
  package var threads: Int
  /// Connections, all opened before the first vote; at least as many as threads.
  package var connections: Int
  /// The version of HTTP.
  package var http: HTTPVersion
  /// Votes in hand at once on a connection; above 1 only with HTTP/2 and one connection.
  package var streams: Int
  /// How a vote is put on a connection.
  package var lane: Lane
  /// Whole seconds after which a connection takes no further vote; nil for never.
  package var maxConnectionAge: Duration?
  /// The share of votes, 0...1, that take a connection of their own.
  package var newConnections: Double
  /// Who votes more than once.
  package var electorate: Electorate
  /// Headers that every vote carries beside votebench's own.
  package var headers: [Header]
  /// A URL that the rollout does not touch, probed alongside; nil for none.
  package var control: String?
  /// The answer's header that names the pod; not looked at when there is a `podPattern`.
  package var podHeader: String
  /// The answer's header that names the version.
  package var versionHeader: String
  /// The answer's text around the pod's name, which stands for the one `*`; nil to read `podHeader`.
  package var podPattern: String?
  /// How long a vote may wait to be sent after it was due, and how long it may take from then on.
  package var timeout: Duration
  /// Time between two polls of the tally.
  package var pollInterval: Duration
  /// How long the tally may take to converge after the last vote.
  package var drainMaximum: Duration
  /// What the sandbox's vote pods are like.
  package var podTraits: PodTraits
  /// Whether every vote is written to `votes.ledger`.
  package var keepsLedger: Bool
  /// Nil without `--during-rollout`.
  package var rollout: Rollout?
  /// The objectives, in the order given; none where none is wanted.
  package var objectives: [Objective]
  /// The outage that the run must have been able to see.
  package var detection: Detection
  /// What failures are reckoned against.
  package var errorBudget: BudgetPlan
  /// True when the run ends, and the change is undone, as soon as an objective is surely violated.
  package var abortsOnFail: Bool
  /// Seed of the votes' choices, of Poisson arrivals and of which votes take a connection of their own.
  package var seed: UInt64
  /// The run's folder; nil for one below Reports/runs.
  package var out: String?
  /// What was asked for, as typed.
  package var settings: Settings

  /// Reads settings; all problems at once.
  ///
  /// `freshSeed` is the seed where none is asked for. Whether files exist is for the caller to find out.
  package static func validate(_ settings: Settings, freshSeed: UInt64) -> Result<RunProfile, ProblemList> {
    var reader = SettingsReader(settings)
    let target = reader.target()
    let choices = reader.choices()
    let during = reader.flag(.duringRollout, default: false)
    let seed = reader.seed(default: freshSeed)
    let load = reader.load(seed: seed, duringRollout: during)
    let lines = reader.lines(load.schedule, target: target)
    let objectives = reader.objectives(duringRollout: during)
    let profile = RunProfile(
      target: target, votePath: reader.path(.votePath, default: "/vote"),
      wire: reader.wire(), choices: choices, hasPrivateLabels: reader.flag(.privateLabel, default: false),
      tallySources: reader.tallySources(choices), export: reader.export(), semantics: reader.semantics(),
      resolve: reader.resolve(),
      caCertificate: reader.text(.cacert), acceptsAnyCertificate: reader.flag(.insecure, default: false),
      cert: reader.text(.cert), key: reader.key(), sourceAddress: reader.sourceAddress(), schedule: load.schedule,
      warmup: load.warmup, baseline: load.baseline, threads: lines.threads, connections: lines.connections,
      http: lines.http, streams: lines.streams, lane: lines.lane, maxConnectionAge: reader.maxConnectionAge(),
      newConnections: reader.newConnections(lines.http, load.schedule), electorate: reader.electorate(load.schedule),
      headers: reader.headers(),
      control: reader.control(), podHeader: reader.headerName(.podHeader, default: "X-Pod"),
      versionHeader: reader.headerName(.versionHeader, default: "X-Version"), podPattern: reader.podPattern(),
      timeout: reader.duration(.timeout, default: .seconds(10)),
      pollInterval: reader.duration(.pollInterval, default: .milliseconds(500)),
      drainMaximum: reader.duration(.drainMax, default: .seconds(600)),
      podTraits: reader.podTraits(target),
      keepsLedger: !reader.flag(.noLedger, default: false),
      rollout: during ? reader.rollout(target: target) : reader.noRollout(), objectives: objectives.map(\.objective),
      detection: reader.detection(), errorBudget: reader.errorBudget(),
      abortsOnFail: reader.abortsOnFail(duringRollout: during), seed: seed, out: reader.text(.out), settings: settings)
    reader.check(
      objectives,
      Objective.Outlook(
        phases: PhasePlan(profile).phases, isDuringRollout: during, hasFresh: profile.newConnections > 0,
        hasKept: profile.newConnections < 1))
    if let list = reader.problemList { return .failure(list) }
    return .success(profile)
  }
}
