import ArgumentParser
import Bench
import FoundationEssentials

/// The flags of `run`, as typed.
///
/// They are read and judged together with the profile, so that every problem is named at once; that is why each is a
/// text here and why unknown ones are collected.
struct RunOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "A YAML file of settings, or the name of a built-in profile; a flag wins.")
  var profile: String?

  @Option(parsing: .unconditional, help: "'sandbox' (default) or the URL of an ingress.")
  var target: String?

  @Option(parsing: .unconditional, help: "Path of the vote frontend (default /vote).")
  var votePath: String?

  @Option(parsing: .unconditional, help: "Path of the result frontend (default /result).")
  var resultPath: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: "Instead of --result-path: json:PATH[#POINTER], html:PATH#TEXT*TEXT, sse:, socket.io: or command:; repeat it."
  )
  var tally: [String] = []

  @Option(parsing: .unconditional, help: "What can be voted for, joined by commas (default a,b).")
  var choices: String?

  @Option(parsing: .unconditional, help: "The field of a vote's form that has the choice (default vote).")
  var voteField: String?

  @Option(parsing: .unconditional, help: "The cookie that has the voter (default voter_id).")
  var voterCookie: String?

  @Option(
    parsing: .unconditional, help: "What stands in the answer to a vote that was taken, {choice} for the choice.")
  var accepted: String?

  @Flag(help: "Vote for labels of this run alone, vb-<run>-<choice>: others may vote meanwhile.")
  var privateLabel = false

  @Option(
    parsing: .unconditional,
    help: "A command that prints VOTER<TAB>CHOICE for every counted vote that begins with {prefix}, or postgresql://..."
  )
  var export: String?

  @Option(parsing: .unconditional, help: "upsert (default): one row a voter; count: each accepted vote adds one.")
  var semantics: String?

  @Option(parsing: .unconditional, help: "HOST:PORT:ADDRESS to use in place of a look-up.")
  var resolve: String?

  @Option(parsing: .unconditional, help: "File of certificate authorities, PEM.")
  var cacert: String?

  @Option(parsing: .unconditional, help: "File of a client certificate, PEM; it may hold the key.")
  var cert: String?

  @Option(parsing: .unconditional, help: "File of its private key, PEM.")
  var key: String?

  @Flag(help: "Accept any certificate.")
  var insecure = false

  @Option(parsing: .unconditional, help: "Votes due per second, such as 500, 0.5 or 30/m (default 100).")
  var rate: String?

  @Option(
    parsing: .unconditional,
    help: "constant (default) or poisson: independent arrivals at --rate in the mean, from the seed.")
  var arrival: String?

  @Option(
    parsing: .unconditional,
    help: "Instead of --rate: steps DURATION@RATE and ramps DURATION@FROM..TO, as 30s@100,1m@100..500.")
  var stages: String?

  @Option(parsing: .unconditional, help: "Instead of --rate: a closed loop of so many users, each with a connection.")
  var closed: String?

  @Option(parsing: .unconditional, help: "Length of a run without a rollout (default 30s; with --stages theirs).")
  var duration: String?

  @Option(parsing: .unconditional, help: "Load that is not counted, before all else (default 10s; with --stages 0s).")
  var warmup: String?

  @Option(
    parsing: .unconditional,
    help: "Connections, all opened before the first vote (default 64; with --closed one a user).")
  var connections: String?

  @Option(parsing: .unconditional, help: "Threads that send (default: one for each 128 connections).")
  var threads: String?

  @Option(parsing: .unconditional, help: "1.1 (default) or 2.")
  var http: String?

  @Option(
    parsing: .unconditional,
    help: "Votes in hand at once on a connection; above 1 with --http 2 and --connections 1 (default 1).")
  var streams: String?

  @Option(parsing: .unconditional, help: "direct (default for HTTP/1.1: a reader of our own) or transfer (libcurl's).")
  var lane: String?

  @Option(
    parsing: .unconditional, help: "Whole seconds after which a connection takes no further vote (default: never).")
  var maxConnectionAge: String?

  @Option(parsing: .unconditional, help: "The share of votes that take a connection of their own, as 10% (default 0%).")
  var newConnections: String?

  @Option(
    parsing: .unconditional,
    help: "The share of votes by somebody who has voted before, as 20% (default 0%): makes lost updates visible.")
  var revote: String?

  @Option(parsing: .unconditional, help: "How often each voter votes, 1 (default) to 100 times, two seconds apart.")
  var votesPerVoter: String?

  @Option(parsing: .unconditional, help: "How long the sandbox's vote pods take to be ready (default 0s).")
  var podStartup: String?

  @Option(
    parsing: .unconditional, help: "Votes a second that one of them can take (default: as many as it can).")
  var podCapacity: String?

  @Option(
    parsing: .unconditional, help: "For how long one is slower after its start, at first five times (default 0s).")
  var podWarmup: String?

  @Option(parsing: .unconditional, help: "The address of this machine that connections come from.")
  var sourceAddress: String?

  @Option(parsing: .unconditionalSingleValue, help: "'Name: value' for every vote; repeat it for more.")
  var header: [String] = []

  @Option(
    parsing: .unconditional,
    help: "A URL that the rollout does not touch, probed alongside: whose failures are the network's.")
  var control: String?

  @Option(parsing: .unconditional, help: "The answer's header that names the pod (default X-Pod).")
  var podHeader: String?

  @Option(parsing: .unconditional, help: "The answer's header that names the version (default X-Version).")
  var versionHeader: String?

  @Option(
    parsing: .unconditional,
    help: "Instead of --pod-header: the answer's text around the pod's name, with one * in its place.")
  var podPattern: String?

  @Option(parsing: .unconditional, help: "How long a vote may take (default 10s).")
  var timeout: String?

  @Option(parsing: .unconditional, help: "Time between two polls of the tally (default 500ms).")
  var pollInterval: String?

  @Option(parsing: .unconditional, help: "How long the tally may take to converge (default 10m).")
  var drainMax: String?

  @Flag(help: "Leave no votes.ledger: the run's votes cannot be judged again.")
  var noLedger = false

  @Flag(help: "Change the cluster in the middle of the load, and put it back.")
  var duringRollout = false

  @Option(parsing: .unconditional, help: "The Deployment that changes (default voting-app).")
  var deployment: String?

  @Option(parsing: .unconditional, help: "Instead of --deployment: the StatefulSet that changes.")
  var statefulset: String?

  @Option(parsing: .unconditional, help: "Its namespace (default oggy).")
  var namespace: String?

  @Option(parsing: .unconditional, help: "Context of the kubeconfig.")
  var context: String?

  @Option(parsing: .unconditional, help: "The kubeconfig file.")
  var kubeconfig: String?

  @Option(parsing: .unconditional, help: "The kubectl to run.")
  var kubectl: String?

  @Option(parsing: .unconditional, help: "The container whose image or environment changes (default: the only one).")
  var container: String?

  @Option(parsing: .unconditional, help: "The image to roll out (default on the sandbox: the other of v1 and v2).")
  var image: String?

  @Flag(help: "Instead of --image: restart every pod.")
  var restart = false

  @Option(
    parsing: .unconditionalSingleValue,
    help: "Instead of --image: NAME=value of the environment, NAME- to take it away; repeat it for more.")
  var setEnv: [String] = []

  @Option(parsing: .unconditional, help: "Instead of --image: the new number of pods.")
  var scale: String?

  @Flag(help: "Instead of --image: delete one of the pods.")
  var deletePod = false

  @Option(parsing: .unconditional, help: "Instead of --image: any command, run by /bin/sh, after which to watch.")
  var trigger: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help:
      "How it rolls during the run: maxSurge=1,maxUnavailable=0,minReadySeconds=5 or some of it; put back afterwards.")
  var strategy: [String] = []

  @Option(parsing: .unconditional, help: "Time before the rollout (default 30s).")
  var baseline: String?

  @Option(parsing: .unconditional, help: "Time after the rollout (default 10s).")
  var settle: String?

  @Option(parsing: .unconditional, help: "Time after the rollback (default 20s).")
  var recovered: String?

  @Option(parsing: .unconditional, help: "How long a rollout may take (default 120s).")
  var rolloutTimeout: String?

  @Flag(inversion: .prefixedNo, help: "Undo the rollout afterwards (default).")
  var rollback: Bool?

  @Option(
    parsing: .unconditionalSingleValue,
    help: "An objective such as 'rollout: p99 < 250ms', in place of the default ones; 'default' for those, too; 'none'."
  )
  var slo: [String] = []

  @Option(
    parsing: .unconditional,
    help: "The outage that must have been visible: length and share (default w=100ms,share=1/3).")
  var detect: String?

  @Option(parsing: .unconditional, help: "The error budget to reckon with (default 99.9%/30d).")
  var errorBudget: String?

  @Flag(help: "End the run, and undo the change, as soon as an objective is surely violated.")
  var abortOnFail = false

  @Option(parsing: .unconditional, help: "Folder for the report (default Reports/runs/<UTC time>-<name>).")
  var out: String?

  @Option(parsing: .unconditional, help: "Seed of all that is drawn: choices, Poisson arrivals, new connections.")
  var seed: String?

  @Flag(help: "Print every command, the schedule and the number of votes, and change nothing.")
  var dryRun = false

  @Option(parsing: .unconditional, help: "auto, plain or none.")
  var progress: String?

  @Flag(help: "Print the verdict alone.")
  var quiet = false

  @Argument(parsing: .allUnrecognized, help: .hidden)
  var unrecognized: [String] = []

  /// The flags as settings.
  private var settings: Settings {
    var settings = Settings()
    let texts: [(Settings.Key, String?)] = [
      (.target, target), (.votePath, votePath), (.resultPath, resultPath), (.export, export),
      (.semantics, semantics), (.choices, choices), (.voteField, voteField), (.voterCookie, voterCookie),
      (.accepted, accepted), (.privateLabel, privateLabel ? "true" : nil), (.resolve, resolve), (.cacert, cacert),
      (.cert, cert), (.key, key), (.insecure, insecure ? "true" : nil), (.rate, rate), (.arrival, arrival),
      (.stages, stages), (.closed, closed), (.threads, threads), (.http, http), (.streams, streams), (.lane, lane),
      (.maxConnectionAge, maxConnectionAge), (.newConnections, newConnections), (.revote, revote),
      (.votesPerVoter, votesPerVoter), (.sourceAddress, sourceAddress), (.podStartup, podStartup),
      (.podCapacity, podCapacity), (.podWarmup, podWarmup),
      (.control, control), (.podHeader, podHeader), (.versionHeader, versionHeader), (.podPattern, podPattern),
      (.duration, duration), (.warmup, warmup),
      (.connections, connections), (.timeout, timeout), (.pollInterval, pollInterval), (.drainMax, drainMax),
      (.noLedger, noLedger ? "true" : nil),
      (.duringRollout, duringRollout ? "true" : nil), (.deployment, deployment), (.statefulset, statefulset),
      (.namespace, namespace), (.context, context), (.kubeconfig, kubeconfig), (.kubectl, kubectl),
      (.container, container), (.image, image), (.restart, restart ? "true" : nil), (.scale, scale),
      (.deletePod, deletePod ? "true" : nil), (.trigger, trigger), (.baseline, baseline),
      (.settle, settle), (.recovered, recovered), (.rolloutTimeout, rolloutTimeout),
      (.rollback, rollback.map { $0 ? "true" : "false" }), (.out, out), (.seed, seed),
      (.detect, detect), (.errorBudget, errorBudget), (.abortOnFail, abortOnFail ? "true" : nil),
    ]
    for (key, text) in texts {
      if let text { settings.set(key, Settings.Setting(text, place: "--\(key.rawValue)")) }
    }
    for text in strategy.prefix(1) { settings.set(.strategy, Settings.Setting(text, place: "--strategy")) }
    for text in tally { settings.add(.tally, Settings.Setting(text, place: "--tally")) }
    for text in slo { settings.add(.slo, Settings.Setting(text, place: "--slo")) }
    for text in header { settings.add(.header, Settings.Setting(text, place: "--header")) }
    for text in setEnv { settings.add(.setEnv, Settings.Setting(text, place: "--set-env")) }
    return settings
  }

  /// The validated profile, or everything that is wrong with flags and profile.
  func resolved() -> Result<RunProfile, ProblemList> {
    var problems: [Settings.Problem] = []
    if strategy.count > 1 {
      problems.append(Settings.Problem("--strategy", "a run has one; several are for votebench compare"))
    }
    let (asked, more) = asked(of: "run")
    problems += more
    let validated = RunProfile.validate(asked, freshSeed: .random(in: 0...UInt64.max))
    if case .failure(let list) = validated { problems += list.problems }
    return problems.isEmpty ? validated : .failure(ProblemList(problems))
  }

  /// Flags and profile as typed, and what is wrong with them before anybody looks at what they mean.
  func asked(of command: String) -> (settings: Settings, problems: [Settings.Problem]) {
    var problems = unrecognized.map { Settings.Problem($0, "is no option of votebench \(command); see --help") }
    if let progress, ProgressView.Style(rawValue: progress) == nil {
      problems.append(Settings.Problem("--progress", "expected auto, plain or none, not '\(progress)'"))
    }
    var base = Settings()
    switch profileSettings() {
    case .success(let settings): base = settings
    case .failure(let list): problems += list.problems
    }
    let asked = base.overridden(by: settings)
    return (asked, problems + Self.unreadable(asked))
  }

  /// The settings of flags and profile without the strategies of the flags.
  var withoutStrategy: Settings {
    var others = self
    others.strategy = []
    return others.asked(of: "compare").settings
  }

  /// How much a run shows while it goes on.
  var style: ProgressView.Style { quiet ? .none : progress.flatMap(ProgressView.Style.init) ?? .auto }

  /// The files that settings name and that cannot be read.
  private static func unreadable(_ settings: Settings) -> [Settings.Problem] {
    let keys: [Settings.Key] = [.cacert, .cert, .key, .kubeconfig]
    return keys.compactMap { key in
      guard let setting = settings[key], (try? Data(contentsOf: URL(filePath: setting.text))) == nil else { return nil }
      return Settings.Problem(setting.place, "expected a file that can be read, not '\(setting.text)'")
    }
  }

  /// The profile's file as typed; nil without one, and for one of the built-in ones.
  var ownProfile: String? { profile.flatMap { $0.contains("/") || $0.hasSuffix(".yaml") ? $0 : nil } }

  private var profileFile: String? { ownProfile ?? profile.map { Program.projectFile("Profiles/\($0).yaml") } }

  private func profileSettings() -> Result<Settings, ProblemList> {
    guard let path = profileFile else { return .success(Settings()) }
    guard let data = try? Data(contentsOf: URL(filePath: path)), let text = String(data: data, encoding: .utf8) else {
      return .failure(
        ProblemList([
          Settings.Problem("--profile", "\(path) cannot be read; give a YAML file, or a name below Profiles/")
        ]))
    }
    return Settings.read(yaml: text, name: path)
  }
}
