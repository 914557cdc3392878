import FoundationEssentials
import Sandbox
import TestSupport

/// A real API server behind a real nginx with TLS, with the shipped objects, the controllers, and a kubelet that
/// starts no processes: its pods are ready, and gone, a moment later.
///
/// For tests with the real kubectl.
struct APIStage: Sendable {
  let store: ObjectStore
  private let stage: Stage
  private let port: Int

  /// Runs a test with it; afterwards nothing is left.
  ///
  /// Gives how long the server took to end when it was cancelled.
  @discardableResult
  static func run(_ body: @Sendable (APIStage) async throws -> Void) async throws -> Duration {
    var cancelled = ContinuousClock.now
    var ended = cancelled
    try await withStage { stage in
      let api = APIStage(store: ObjectStore(), stage: stage, port: try FreePort.next())
      let manifests = try Manifests(folder: Executables.projectFile("Profiles/manifests"))
      try ShippedObjects(manifests).create(in: api.store)
      try await api.makeCertificates()
      let server = APIServer(store: api.store)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run(unixSocketPath: "\(stage.folder)/api.sock") }
        group.addTask { await ControllerLoop(store: api.store).run() }
        group.addTask { await api.actAsKubelet() }
        defer { group.cancelAll() }
        try await api.startFront()
        try await body(api)
        cancelled = .now
      }
      ended = .now
    }
    return ended - cancelled
  }

  // MARK: kubectl

  /// What a kubectl said and how it ended.
  struct Said: Sendable {
    var code: Int32
    var text: String
  }

  /// A kubectl that runs, and what it has said so far.
  struct Running: Sendable {
    var process: ServerProcess
    var log: @Sendable () -> String
  }

  /// Starts a kubectl; each has a HOME of its own, since it caches answers by the server's address.
  func start(_ path: String, _ arguments: [String]) throws -> Running {
    let name = "kubectl-\(UUID())"
    let home = "\(stage.folder)/home-\(path.replacing("/", with: "-"))"
    let process = try stage.start(
      path, arguments,
      environment: ["HOME": home, "KUBECONFIG": "\(stage.folder)/kubeconfig", "PATH": "/usr/bin:/bin"], name: name)
    return Running(process: process, log: { [stage] in stage.log(of: name) })
  }

  func start(_ path: String, _ arguments: String...) throws -> Running { try start(path, arguments) }

  /// Runs a kubectl to its end.
  func kubectl(_ path: String, _ arguments: [String]) async throws -> Said {
    let running = try start(path, arguments)
    guard case .exited(let code) = try await running.process.wait(within: .seconds(60)) else {
      throw StageError("kubectl \(arguments) was killed: \(running.log())")
    }
    return Said(code: code, text: running.log())
  }

  func kubectl(_ path: String, _ arguments: String...) async throws -> Said { try await kubectl(path, arguments) }

  /// Writes a file that ends with the test; gives its path.
  func write(_ name: String, _ text: String) throws -> String {
    let path = "\(stage.folder)/\(name)"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// What curl gets for a path, with or without the client certificate.
  func curl(_ path: String, certificate: Bool) async throws -> String {
    let name = "curl-\(UUID())"
    var arguments = ["-s", "--cacert", "\(stage.folder)/ca.crt", "https://127.0.0.1:\(port)\(path)"]
    if certificate { arguments += ["--cert", "\(stage.folder)/client.crt", "--key", "\(stage.folder)/client.key"] }
    _ = try await stage.start(try Executables.system("curl"), arguments, name: name).wait()
    return stage.log(of: name)
  }

  // MARK: The parts

  private func makeCertificates() async throws {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    try await openssl(["req", "-x509", "-days", "2", "-subj", "/CN=ca", "-out", "ca.crt", "-keyout", "ca.key"] + key)
    for name in ["server", "client"] {
      try await openssl(
        [
          "req", "-x509", "-days", "2", "-subj", "/CN=\(name)", "-CA", "ca.crt", "-CAkey", "ca.key",
          "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE",
          "-out", "\(name).crt", "-keyout", "\(name).key",
        ] + key)
    }
  }

  private func openssl(_ arguments: [String]) async throws {
    let inFolder = arguments.map { $0.hasSuffix(".crt") || $0.hasSuffix(".key") ? "\(stage.folder)/\($0)" : $0 }
    let process = try stage.start(try Executables.system("openssl"), inFolder, name: "openssl")
    guard try await process.wait() == .exited(0) else {
      throw StageError("openssl: \(stage.log(of: "openssl"))")
    }
  }

  private func startFront() async throws {
    try nginxConfiguration.write(toFile: "\(stage.folder)/nginx.conf", atomically: true, encoding: .utf8)
    _ = try write(
      "kubeconfig", kubeconfig("client-certificate: \(stage.folder)/client.crt, client-key: \(stage.folder)/client.key")
    )
    _ = try stage.start(
      try Executables.system("nginx"), ["-p", stage.folder, "-c", "\(stage.folder)/nginx.conf"], name: "nginx")
    try await waitUntil("the API answers") { try await curl("/readyz", certificate: true) == "ok" }
  }

  private var nginxConfiguration: String {
    """
    daemon off; master_process off; pid nginx.pid; error_log stderr;
    events {}
    http {
      access_log off;
      client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
      server {
        listen 127.0.0.1:\(port) ssl;
        ssl_certificate server.crt; ssl_certificate_key server.key;
        ssl_client_certificate ca.crt; ssl_verify_client optional;
        location / {
          proxy_pass http://unix:\(stage.folder)/api.sock:;
          proxy_http_version 1.1; proxy_buffering off;
          proxy_set_header X-Client-Verify $ssl_client_verify;
        }
      }
    }
    """
  }

  /// A kubeconfig with these credentials, as YAML has them in braces.
  func kubeconfig(_ credentials: String) -> String {
    """
    apiVersion: v1
    kind: Config
    clusters:
    - {name: s, cluster: {server: "https://127.0.0.1:\(port)", certificate-authority: \(stage.folder)/ca.crt}}
    users:
    - {name: u, user: {\(credentials)}}
    contexts:
    - {name: c, context: {cluster: s, user: u, namespace: oggy}}
    current-context: c
    """
  }

  private func actAsKubelet() async {
    guard let events = try? store.watch(.pods) else { return }
    await withDiscardingTaskGroup { group in
      for await event in events {
        let pod = event.object
        if event.kind == .added {
          group.addTask { await start(pod) }
        } else if event.kind == .modified, pod.isMarked, event.previous?.isMarked == false {
          group.addTask { await end(pod) }
        }
      }
    }
  }

  private func start(_ pod: JSON) async {
    let unknown = pod.tag == "missing"
    change(pod) { pod in
      pod["spec", "nodeName"] = "sandbox"
      pod["status", "podIP"] = "127.70.0.10"
      guard unknown else { return }
      pod["status", "containerStatuses"] = [
        ["name": "x", "ready": false, "restartCount": 0, "state": ["waiting": ["reason": "ErrImagePull"]]]
      ]
    }
    try? await Task.sleep(for: .milliseconds(150))
    guard !unknown else { return }
    let now = Timestamp.text(store.now)
    change(pod) { pod in
      pod["status", "phase"] = "Running"
      pod["status", "conditions"][where: "type", is: "Ready"] = ["status": "True", "lastTransitionTime": .string(now)]
      pod["status", "containerStatuses"] = [
        ["name": "x", "ready": true, "restartCount": 0, "state": ["running": ["startedAt": .string(now)]]]
      ]
    }
  }

  private func end(_ pod: JSON) async {
    try? await Task.sleep(for: .milliseconds(100))
    store.remove(.pods, namespace: pod["metadata", "namespace"].string, name: pod.named)
  }

  private func change(_ pod: JSON, _ change: (inout JSON) -> Void) {
    _ = try? store.update(.pods, namespace: pod["metadata", "namespace"].string, name: pod.named) { change(&$0) }
  }
}
