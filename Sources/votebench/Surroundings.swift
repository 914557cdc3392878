import Bench
import Kubernetes
import LoadEngine
import Sandbox

/// What a run meets outside: the ingress, the cluster and the export, of the sandbox or of the user.
struct Surroundings {
  /// For reports: `sandbox`, or the URL.
  let name: String
  /// kubectl for the cluster; nil without a rollout.
  let kubectl: Kubectl?
  /// Nil when nobody can tell which votes were counted.
  let export: VoteExport?
  /// How long an indeterminate vote may still take effect after it was sent.
  let indeterminateSettle: Duration

  private let origin: String
  private let resolve: String?
  private let caCertificate: String?

  /// The sandbox's.
  init(_ profile: RunProfile, sandbox: SandboxInfo) {
    name = "sandbox"
    origin = sandbox.url
    resolve = "\(sandbox.host):\(sandbox.port):\(sandbox.address)"
    caCertificate = sandbox.caCertificate
    // The sandbox's ingress gives a request up when its client does, and a vote frontend answers within a second.
    indeterminateSettle = .seconds(15)
    // The tally counts voters, however often they vote: of those who vote again it shows the last vote.
    let isByVoter = profile.electorate.votesAgain || sandbox.semantics == .upsert
    export = VoteExport(
      command: isByVoter ? sandbox.voterExportCommand : sandbox.exportCommand,
      environment: sandbox.exportEnvironment, semantics: isByVoter ? .upsert : .count)
    kubectl = profile.rollout.map {
      Kubectl(
        executable: $0.kubectl, kubeconfig: sandbox.kubeconfig, context: sandbox.context, namespace: sandbox.namespace,
        home: sandbox.kubectlHome)
    }
  }

  /// The user's.
  init(_ profile: RunProfile) {
    if case .url(let url) = profile.target { origin = url } else { origin = "" }
    name = origin
    resolve = profile.resolve
    caCertificate = profile.caCertificate
    // Read time-out of an ingress, the frontend's own, and its retries to the queue.
    indeterminateSettle = .seconds(100)
    export = profile.export.map { VoteExport(command: $0, environment: [:], semantics: profile.semantics) }
    kubectl = profile.rollout.map {
      Kubectl(executable: $0.kubectl, kubeconfig: $0.kubeconfig, context: $0.context, namespace: $0.namespace)
    }
  }

  /// This machine, and of the cluster what kubectl says.
  var environment: RunEnvironment {
    get async {
      var environment = Machine.environment
      guard let kubectl else { return environment }
      (environment.kubectl, environment.server, environment.context) = await kubectl.versions()
      return environment
    }
  }

  /// What the engine needs.
  func engine(_ profile: RunProfile, _ ballot: Ballot) -> EngineConfiguration {
    var engine = EngineConfiguration(
      origin: origin, votePath: profile.votePath, tallySources: profile.tallySources, schedule: profile.schedule,
      ballot: ballot)
    engine.wire = profile.wire
    engine.resolve = resolve
    engine.caCertificate = caCertificate
    engine.acceptsAnyCertificate = profile.acceptsAnyCertificate
    engine.clientCertificate = profile.cert
    engine.clientKey = profile.key
    engine.sourceAddress = profile.sourceAddress
    engine.headers = profile.headers.map { "\($0.name): \($0.value)" }
    engine.lane = profile.lane
    engine.http = profile.http
    engine.streams = profile.streams
    engine.threads = profile.threads
    engine.connections = profile.connections
    engine.freshShare = profile.newConnections
    engine.maximumConnectionAge = profile.maxConnectionAge
    engine.timeout = profile.timeout
    engine.pollInterval = profile.pollInterval
    engine.controlURL = profile.control
    engine.podHeader = profile.podHeader
    engine.versionHeader = profile.versionHeader
    engine.podPattern = profile.podPattern.flatMap(EngineConfiguration.PodPattern.init)
    return engine
  }
}
