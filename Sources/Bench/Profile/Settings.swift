/// What a user asked for, as typed: a text and the place where it stands, by key.
///
/// Flags and profile files have the same keys and the same spelling of values; a flag wins over the profile.
package struct Settings: Sendable, Hashable {
  /// The keys, spelled as the flags are.
  package enum Key: String, Sendable, Hashable, CaseIterable {
    /// `sandbox`, or the URL of an ingress.
    case target
    /// Path of the vote frontend.
    case votePath = "vote-path"
    /// Path of the result frontend.
    case resultPath = "result-path"
    /// Where the tally is read, in place of `result-path`; may be repeated.
    case tally
    /// What can be voted for, joined by commas or as a list.
    case choices
    /// The field of a vote's form that has the choice.
    case voteField = "vote-field"
    /// The cookie that has the voter.
    case voterCookie = "voter-cookie"
    /// What stands in the answer to a vote that was taken.
    case accepted
    /// Whether votes are for labels of this run alone.
    case privateLabel = "private-label"
    /// `HOST:PORT:ADDRESS` in place of a look-up.
    case resolve
    /// A command, or a URL of PostgreSQL, that gives the voter and the choice of every counted vote.
    case export
    /// `upsert` or `count`: what a vote does to the tally.
    case semantics
    /// File of certificate authorities, PEM.
    case cacert
    /// File of a client certificate, PEM.
    case cert
    /// File of its key, PEM.
    case key
    /// Whether any certificate will do.
    case insecure
    /// Votes due per unit of time: `500`, `0.5`, `30/m`.
    case rate
    /// `constant` or `poisson`.
    case arrival
    /// Steps and ramps: `30s@100,1m@100..500`.
    case stages
    /// Users of a closed loop.
    case closed
    /// Length of the measurement; only without a rollout.
    case duration
    /// Length of the load that is never counted.
    case warmup
    /// How many connections.
    case connections
    /// How many threads send votes.
    case threads
    /// `1.1` or `2`.
    case http
    /// Votes in hand at once on a connection.
    case streams
    /// `direct` or `transfer`.
    case lane
    /// Whole seconds after which a connection takes no further vote.
    case maxConnectionAge = "max-connection-age"
    /// The share of votes by somebody who has voted before: `20%`.
    case revote
    /// How often each voter votes.
    case votesPerVoter = "votes-per-voter"
    /// The share of votes that take a connection of their own: `10%`.
    case newConnections = "new-connections"
    /// The address that connections come from.
    case sourceAddress = "source-address"
    /// `Name: value` for every vote; may be repeated.
    case header
    /// A URL that is probed alongside.
    case control
    /// The answer's header that names the pod.
    case podHeader = "pod-header"
    /// The answer's header that names the version.
    case versionHeader = "version-header"
    /// The answer's text around the pod's name.
    case podPattern = "pod-pattern"
    /// How long a vote may take.
    case timeout
    /// Time between two polls of the tally.
    case pollInterval = "poll-interval"
    /// How long the tally may take to converge.
    case drainMax = "drain-max"
    /// How long the sandbox's vote pods are not ready after their start.
    case podStartup = "pod-startup"
    /// Votes a second that one of them can take.
    case podCapacity = "pod-capacity"
    /// For how long it is slower after its start-up.
    case podWarmup = "pod-warmup"
    /// Whether the run leaves no `votes.ledger`.
    case noLedger = "no-ledger"
    /// Whether a rollout is driven in the middle of the load.
    case duringRollout = "during-rollout"
    /// The Deployment that changes.
    case deployment
    /// Instead of it: the StatefulSet that changes.
    case statefulset
    /// Its namespace.
    case namespace
    /// Context of the kubeconfig.
    case context
    /// The kubeconfig file.
    case kubeconfig
    /// The kubectl to run.
    case kubectl
    /// The container whose image or environment changes.
    case container
    /// The new image.
    case image
    /// Whether the workload is restarted.
    case restart
    /// `NAME=value`, or `NAME-` to take it away; may be repeated.
    case setEnv = "set-env"
    /// The new number of pods.
    case scale
    /// Whether one of the pods is deleted.
    case deletePod = "delete-pod"
    /// A command that makes the change.
    case trigger
    /// Several changes in turn; only a profile has it.
    case rollouts
    /// How workloads roll during the run: `maxSurge=1,maxUnavailable=0`.
    case strategy
    /// Length of the load before the rollout.
    case baseline
    /// Length of the load after the rollout.
    case settle
    /// Length of the load after the rollback.
    case recovered
    /// How long a rollout may take.
    case rolloutTimeout = "rollout-timeout"
    /// Whether the rollout is undone afterwards.
    case rollback
    /// An objective, `none` or `default`; may be repeated.
    case slo
    /// The outage that must be visible: `w=100ms,share=1/3`.
    case detect
    /// The error budget to reckon with: `99.9%/30d`.
    case errorBudget = "error-budget"
    /// Whether the run ends, and the change is undone, as soon as an objective is surely violated.
    case abortOnFail = "abort-on-fail"
    /// The run's folder.
    case out
    /// Seed of the votes' choices.
    case seed
  }

  /// One value as typed.
  package struct Setting: Sendable, Hashable {
    /// The text.
    package var text: String
    /// Where it stands: `--rate`, or `ci.yaml:3: rate`.
    package var place: String
    /// What was typed for one of `rollouts`; nil for a plain value.
    package var change: Settings?

    /// A value and its place.
    package init(_ text: String, place: String, change: Settings? = nil) {
      self.text = text
      self.place = place
      self.change = change
    }
  }

  /// Something wrong with what was typed: the place, and what was expected there.
  package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where it stands, as in `Setting`.
    package var place: String
    /// What was expected there, as the rest of a sentence.
    package var expected: String

    /// A problem at `place`.
    package init(_ place: String, _ expected: String) {
      self.place = place
      self.expected = expected
    }

    /// One line for people.
    package var description: String { "\(place): \(expected)" }
  }

  /// What was given, by key; several values only of a key that may be repeated.
  private var values: [Key: [Setting]] = [:]

  /// Nothing was asked for.
  package init() {}

  /// Sets `key`; a later value wins.
  package mutating func set(_ key: Key, _ setting: Setting) {
    values[key] = [setting]
  }

  /// Adds a value to those of `key`, which may be repeated.
  package mutating func add(_ key: Key, _ setting: Setting) {
    values[key, default: []].append(setting)
  }

  /// The value of `key`, nil when it was not given.
  package subscript(key: Key) -> Setting? { values[key]?.last }

  /// All values of `key`, in the order given.
  package func all(_ key: Key) -> [Setting] { values[key] ?? [] }

  /// These settings, with those of `flags` in place of them where given.
  ///
  /// A flag also takes the place of keys that it stands against: a `--closed` that of a profile's `rate`.
  package func overridden(by flags: Settings) -> Settings {
    var result = self
    for (key, settings) in flags.values {
      for other in key.excluded { result.values[other] = nil }
      result.values[key] = settings
    }
    // What a flag has put out another may have put in.
    for (key, settings) in flags.values { result.values[key] = settings }
    return result
  }
}

extension Settings.Key {
  /// The keys that make no sense beside this one.
  fileprivate var excluded: [Self] {
    switch self {
    case .rate: [.stages, .closed]
    case .stages: [.rate, .closed, .arrival, .duration]
    case .closed: [.rate, .stages, .arrival]
    case .resultPath: [.tally]
    case .tally: [.resultPath]
    case .revote: [.votesPerVoter]
    case .votesPerVoter: [.revote]
    case .podHeader: [.podPattern]
    case .podPattern: [.podHeader]
    case .deployment: [.statefulset, .rollouts]
    case .statefulset: [.deployment, .rollouts]
    case .container: [.rollouts]
    case .image, .setEnv: Self.triggers + [.rollouts]
    case .restart, .scale, .deletePod, .trigger: Self.triggers + [.rollouts, .container]
    default: []
    }
  }
}

/// Everything wrong with what was typed, at once.
package struct ProblemList: Error, Sendable, Hashable {
  /// At least one problem, in the order of their places.
  package let problems: [Settings.Problem]

  /// A list of at least one problem.
  package init(_ problems: [Settings.Problem]) {
    precondition(!problems.isEmpty, "a list of problems has one")
    self.problems = problems
  }
}
