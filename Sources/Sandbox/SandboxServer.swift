import FoundationEssentials
import Glibc
import Logging

/// One running sandbox: puts its parts together, and takes them apart again.
///
/// What can start at the same time does; what has started when a part fails is ended by ``stop()``.
actor SandboxServer {
  /// The file that says that the sandbox is ready, in its folder.
  static let infoName = "sandbox.json"
  static let host = "oggy.local"

  private let configuration: SandboxConfiguration
  private let logger: Logger
  /// The objects of its cluster.
  nonisolated let store = ObjectStore()

  private var folder: SandboxFolder?
  private var range: LoopbackRange?
  private var ports: [IngressPort] = []
  private var servers: [NginxServer] = []
  private var kubelet: Kubelet?
  private var network: ServiceNetwork?
  private var ingress: IngressController?
  private var loops: [Task<Void, Never>] = []

  /// Nothing runs until ``start()``; unless given, the logger tells of errors only.
  init(_ configuration: SandboxConfiguration, logger: Logger = SandboxServer.logger(.error)) {
    self.configuration = configuration
    self.logger = logger
  }

  /// A logger that writes to standard error.
  static func logger(_ level: Logger.Level = .error) -> Logger {
    var logger = Logger(label: "sandbox", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = level
    return logger
  }

  /// Where it is; nil until it is ready.
  private(set) var info: SandboxInfo?

  /// Starts everything and returns when votes are taken; whatever it throws, ``stop()`` has to follow.
  func start() async throws(SandboxError) {
    let begun = ContinuousClock.now
    let programs = try Programs.locate()
    for folder in await SandboxRegistry.cleanLeftovers(in: configuration.folderBase) {
      logger.notice("removed \(folder), left by a sandbox that was killed")
    }
    let (folder, range, journal) = try prepare()
    let held = (
      try IngressPort.take(from: configuration.httpsPort, exactly: configuration.exactPort),
      try IngressPort.take(from: configuration.httpPort)
    )
    ports = [held.0, held.1]
    let (port, httpPort) = (held.0.number, held.1.number)
    let votingd = try folder.copyProgram(configuration.votingd, to: "votingd")
    let names = try await startNetwork(folder, range, programs)
    let certificates = try await Certificates.make(
      in: folder, host: Self.host, apiAddress: range.api, openssl: programs.openssl, journal: journal)
    try createObjects(certificates)
    let logs = PodLogs(folder: try folder.makeFolder("pods"))
    let runner = ContainerRunner(
      store: store, programs: try ImagePrograms(in: folder, votingd: votingd, programs: programs),
      volumes: try VolumeFolders(in: folder, store: store), logs: logs, account: folder.account, journal: journal,
      names: names)
    let node = startControllers(runner, range)
    try await startAPI(folder, range, certificates, programs, journal, node)
    try await startIngress(folder, (port, httpPort), certificates, programs, journal)
    try await awaitVotes(folder)
    try publish(folder, range, (port, httpPort), certificates, programs, names)
    await kubelet?.setPace(.measured)
    await ingress?.beginLagging(configuration.ingressLag)
    logger.info("the sandbox is ready after \(ContinuousClock.now - begun): https://\(Self.host):\(port)")
  }

  /// Ends everything and removes the folder.
  func stop() async {
    for loop in loops { loop.cancel() }
    await withTaskGroup(of: Void.self) { group in
      for server in servers { group.addTask { await server.stop() } }
      if let kubelet { group.addTask { await kubelet.stop() } }
    }
    for loop in loops { await loop.value }
    await network?.stop()
    folder?.remove()
    (ports, range) = ([], nil)
  }

  // MARK: Parts

  private func prepare() throws(SandboxError) -> (SandboxFolder, LoopbackRange, ProcessJournal) {
    let folder = try SandboxFolder.create(in: configuration.folderBase, account: .needed())
    self.folder = folder
    let journal = ProcessJournal(folder: folder.path)
    if let own = ProcessIdentity.current { journal.record(own, "votebench \(configuration.version)") }
    _ = try folder.makeFolder("logs")
    let range = try LoopbackRange()
    self.range = range
    logger.info("starting a sandbox in \(folder.path), addresses \(range.subnet)")
    return (folder, range, journal)
  }

  private func startNetwork(
    _ folder: SandboxFolder, _ range: LoopbackRange, _ programs: Programs
  ) async throws(SandboxError) -> PodHosts {
    store.setServiceAddresses(ServiceAddresses(range.services, reserved: [range.api]))
    let names = try await PodHosts.make(in: folder, store: store, api: range.api, library: programs.nssWrapper)
    logger.info("names of Services resolve by \(names.resolution)")
    let network = ServiceNetwork(store: store, hosts: names, logger: logger)
    self.network = network
    loops.append(Task { await network.run() })
    return names
  }

  private func createObjects(_ certificates: Certificates) throws(SandboxError) {
    let tls = try certificates.secret(named: ShippedObjects.tlsSecret, namespace: ShippedObjects.namespace)
    let shipped = try ShippedObjects(
      Manifests(folder: configuration.manifests), tls: tls, podEnvironment: configuration.podEnvironment)
    do {
      try shipped.create(in: store)
    } catch {
      throw SandboxError(
        .manifestInvalid, attempted: "applying the manifests in \(configuration.manifests)", cause: error.message,
        remedy: "Mend the manifest that it names, or restore the folder.")
    }
  }

  private func startControllers(_ runner: ContainerRunner, _ range: LoopbackRange) -> Kubelet {
    let kubelet = Kubelet(store: store, runner: runner, range: range, logger: logger, pace: .prompt)
    self.kubelet = kubelet
    let controllers = ControllerLoop(store: store)
    loops += [Task { await kubelet.run() }, Task { await controllers.run() }]
    return kubelet
  }

  private func startAPI(
    _ folder: SandboxFolder, _ range: LoopbackRange, _ certificates: Certificates, _ programs: Programs,
    _ journal: ProcessJournal, _ kubelet: Kubelet
  ) async throws(SandboxError) {
    let socket = "\(folder.path)/api.sock"
    let logger = logger
    // For clients that have no use for a certificate: curl -H "Authorization: Bearer $(cat token)".
    let token = (0..<24).map { _ in String(UInt8.random(in: 16 ... .max), radix: 16) }.joined()
    try folder.write(token, to: "token")
    let server = APIServer(store: store, kubelet: kubelet, token: token)
    let (ready, continuation) = AsyncStream.makeStream(of: Void.self)
    loops.append(
      Task {
        do {
          try await server.run(unixSocketPath: socket) { continuation.finish() }
        } catch {
          logger.error("the API server ended: \(error)")
        }
        continuation.finish()
      })
    for await _ in ready {}
    try folder.give(socket)
    servers.append(
      try await NginxServer.start(
        "api", http: APIFront.configuration(address: range.api, certificates: certificates, socket: socket),
        modules: [], program: programs.nginx, folder: folder, listening: (range.api, APIFront.port),
        journal: journal, logger: logger))
  }

  private func startIngress(
    _ folder: SandboxFolder, _ ports: (https: UInt16, http: UInt16), _ certificates: Certificates,
    _ programs: Programs, _ journal: ProcessJournal
  ) async throws(SandboxError) {
    let socket = "\(folder.path)/ingress/endpoints.sock"
    let controller = IngressController(store: store, socket: socket, logger: logger)
    let nginx = IngressConfiguration(
      httpsPort: ports.https, httpPort: ports.http, certificates: certificates, socket: socket,
      accessLog: "\(folder.path)/ingress/access.log")
    servers.append(
      try await NginxServer.start(
        "ingress", http: nginx.text, modules: programs.luaModules, program: programs.nginx, folder: folder,
        listening: ("127.0.0.1", ports.https), sockets: [socket], journal: journal, logger: logger,
        afterRestart: { await controller.pushAfterRestart() }))
    ingress = controller
    loops.append(Task { await controller.run() })
  }

  // MARK: Readiness

  private func awaitVotes(_ folder: SandboxFolder) async throws(SandboxError) {
    let limit = 25 + configuration.podStartup
    let deadline = ContinuousClock.now + .seconds(limit)
    while ContinuousClock.now < deadline, !Task.isCancelled {
      if allReady, await ingress?.isCurrent == true { return }
      try? await Task.sleep(for: .milliseconds(20))
    }
    let unready = store.list(.pods).items.filter { $0["status", "containerStatuses"][0]["ready"].bool != true }
    let pods = unready.map { pod in
      let state = pod["status", "containerStatuses"][0]["state"]
      let reason = state["waiting", "reason"].string ?? state.object?.keys.first ?? "no container"
      return "\(pod["metadata", "name"].string ?? "?") \(reason)"
    }
    throw SandboxError(
      .notReady, attempted: "starting the voting system",
      cause: "not every pod was ready within \(limit) s: \(pods.joined(separator: ", "))",
      remedy: "If the machine is busy, try again.")
  }

  private var databasePassword: String {
    let secret = store.get(.secrets, namespace: ShippedObjects.namespace, name: "app-secrets")
    let bytes = secret?["data", "DB_PASSWORD"].string.flatMap(Base64.bytes) ?? []
    return String(decoding: bytes, as: UTF8.self)
  }

  private var allReady: Bool {
    let workloads = [Resource.deployments, .statefulSets].flatMap {
      store.list($0, namespace: ShippedObjects.namespace).items
    }
    return workloads.allSatisfy { $0.count("readyReplicas") == $0.desiredReplicas }
  }

  private func publish(
    _ folder: SandboxFolder, _ range: LoopbackRange, _ ports: (https: UInt16, http: UInt16),
    _ certificates: Certificates, _ programs: Programs, _ names: PodHosts
  ) throws(SandboxError) {
    try folder.write(
      try certificates.kubeconfig(
        server: "https://\(range.api):\(APIFront.port)", context: SandboxInfo.contextName,
        namespace: ShippedObjects.namespace), to: "kubeconfig")
    let own = ProcessIdentity.current
    let worker = store.get(.deployments, namespace: ShippedObjects.namespace, name: "worker") ?? .null
    let semantics = SandboxInfo.Semantics(worker: worker)
    let info = SandboxInfo(
      pid: getpid(), startTime: own?.startTime ?? 0, folder: folder.path, url: "https://\(Self.host):\(ports.https)",
      host: Self.host, address: "127.0.0.1", port: Int(ports.https), httpPort: Int(ports.http),
      caCertificate: certificates.authority,
      kubeconfig: "\(folder.path)/kubeconfig", context: SandboxInfo.contextName, namespace: ShippedObjects.namespace,
      kubectlHome: try folder.makeFolder("kubectl"), semantics: semantics,
      exportCommand: VoteExport.command(
        psql: programs.psql, host: "db.\(ShippedObjects.namespace)", semantics),
      voterExportCommand: VoteExport.command(
        psql: programs.psql, host: "db.\(ShippedObjects.namespace)", .upsert),
      exportEnvironment: [
        "PGPASSWORD": databasePassword, "LC_ALL": "C", "LD_PRELOAD": programs.nssWrapper,
        "NSS_WRAPPER_HOSTS": names.outside,
      ], subnet: range.subnet)
    do {
      let text = String(decoding: try JSONEncoder().encode(info), as: UTF8.self)
      try folder.write(text, to: Self.infoName)
    } catch let error as SandboxError {
      throw error
    } catch {
      throw .system(EIO, attempted: "writing \(Self.infoName)")
    }
    self.info = info
  }
}
