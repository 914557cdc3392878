import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// A real ingress of one test: nginx with its controller on a store, and pods that answer with their names.
///
/// The pods are the servers of another nginx, each on an address of its own.
struct IngressStage: Sendable {
  let store = ObjectStore()
  let stage: Stage
  let httpsPort: Int
  let httpPort: Int
  let controller: IngressController
  private let range: LoopbackRange
  private let folder: SandboxFolder
  private let certificates: Certificates

  /// Runs a test with it; nothing is there but what the test creates, and afterwards nothing is left.
  static func run(lag: Double = 0, _ body: (IngressStage) async throws -> Void) async throws {
    try await withStage { stage in
      let folder = try SandboxFolder.create(in: stage.folder, account: nil)
      let journal = ProcessJournal(folder: folder.path)
      _ = try folder.makeFolder("logs")
      let certificates = try await Certificates.make(
        in: folder, host: "oggy.local", apiAddress: "127.0.0.1", openssl: try Executables.system("openssl"),
        journal: journal)
      let ingress = try IngressStage(stage, folder, certificates)
      try await ingress.startPods()
      let nginx = try await ingress.startNginx(journal)
      await ingress.controller.beginLagging(lag)
      let loop = Task { await ingress.controller.run() }
      do {
        try await body(ingress)
      } catch {
        print(LogFile.lastLines(of: "\(folder.path)/logs/ingress.log", count: 20))
        await ingress.end(nginx, loop)
        throw error
      }
      await ingress.end(nginx, loop)
    }
  }

  private init(_ stage: Stage, _ folder: SandboxFolder, _ certificates: Certificates) throws {
    self.stage = stage
    self.folder = folder
    self.certificates = certificates
    range = try LoopbackRange()
    (httpsPort, httpPort) = (try FreePort.next(), try FreePort.next())
    controller = IngressController(
      store: store, socket: "\(folder.path)/ingress/endpoints.sock", logger: SandboxServer.logger())
  }

  private func startNginx(_ journal: ProcessJournal) async throws -> NginxServer {
    let programs = try Programs.locate()
    let socket = "\(folder.path)/ingress/endpoints.sock"
    let configuration = IngressConfiguration(
      httpsPort: try #require(UInt16(exactly: httpsPort)), httpPort: try #require(UInt16(exactly: httpPort)),
      certificates: certificates, socket: socket, accessLog: "\(folder.path)/ingress/access.log")
    return try await NginxServer.start(
      "ingress", http: configuration.text, modules: programs.luaModules, program: programs.nginx, folder: folder,
      listening: ("127.0.0.1", configuration.httpsPort), sockets: [socket], journal: journal,
      logger: SandboxServer.logger(), afterRestart: { [controller] in await controller.pushAfterRestart() })
  }

  private func end(_ nginx: NginxServer, _ loop: Task<Void, Never>) async {
    loop.cancel()
    await loop.value
    await nginx.stop()
    folder.remove()
  }

  /// Kills the ingress's nginx, as a crash would.
  func killNginx() throws {
    let own = ProcessJournal(folder: folder.path).processes().filter(\.isAlive)
    let nginx = own.first { process in
      let line = (try? String(contentsOfFile: "/proc/\(process.pid)/cmdline", encoding: .utf8)) ?? ""
      return line.contains("nginx")
    }
    try #require(nginx).send(SIGKILL)
  }

  // MARK: Pods

  /// How many pods there are, numbered from 0.
  static let podCount = 6

  func address(_ pod: Int) -> String { range.pods[pod] }

  private func startPods() async throws {
    let servers = (0..<Self.podCount).map { pod in
      """
      server {
        listen \(address(pod)):8080;
        add_header X-Pod pod-\(pod);
        return 200 'pod-\(pod) $http_x_forwarded_proto $http_host';
      }
      """
    }
    let home = "\(stage.folder)/pods"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    let text = """
      daemon off; master_process off; pid pods.pid; error_log stderr;
      events {}
      http {
        access_log off; keepalive_requests 1000000;
        client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
        \(servers.joined(separator: "\n"))
      }
      """
    try text.write(toFile: "\(home)/nginx.conf", atomically: true, encoding: .utf8)
    _ = try stage.start(try Executables.system("nginx"), ["-p", home, "-c", "\(home)/nginx.conf"], name: "pods")
    try await waitUntil("the pods listen") { await PlainHTTP.canConnect(address(0), 8080) }
  }

  // MARK: Objects

  /// Makes a Service of one port, 80, whose pods are these.
  func makeService(_ name: String, pods: [Int]) throws {
    try store.create(
      ["metadata": ["name": .string(name), "namespace": "oggy"], "spec": ["ports": [["name": "http", "port": 80]]]],
      .services)
    try store.create(
      [
        "metadata": [
          "name": .string("\(name)-1"), "namespace": "oggy", "labels": ["kubernetes.io/service-name": .string(name)],
        ],
        "addressType": "IPv4", "ports": [["name": "http", "port": 8080]], "endpoints": endpoints(pods),
      ], .endpointSlices)
  }

  /// Sets the pods of a Service.
  func setPods(_ pods: [Int], of service: String) throws {
    try store.update(.endpointSlices, namespace: "oggy", name: "\(service)-1") { $0["endpoints"] = endpoints(pods) }
  }

  private func endpoints(_ pods: [Int]) -> JSON {
    .array(pods.map { ["addresses": [.string(address($0))], "conditions": ["ready": true]] })
  }

  /// Adds an Ingress, or replaces the one of its name.
  func apply(_ ingress: JSON) throws {
    if store.get(.ingresses, namespace: "oggy", name: ingress.name) == nil {
      try store.create(ingress, .ingresses)
    } else {
      try store.update(.ingresses, namespace: "oggy", name: ingress.name) { $0["spec"] = ingress["spec"] }
    }
  }

  /// Sets a TLS Secret to a new certificate of that common name.
  func setSecret(_ name: String, commonName: String) async throws {
    let file = "\(stage.folder)/\(UInt64.random(in: 0 ... .max))"
    let openssl = try stage.start(
      try Executables.system("openssl"),
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2", "-subj",
        "/CN=\(commonName)", "-keyout", "\(file).key", "-out", "\(file).crt",
      ], name: "openssl")
    guard try await openssl.wait() == .exited(0) else { throw StageError(stage.log(of: "openssl")) }
    try setSecret(
      name, certificate: String(contentsOfFile: "\(file).crt", encoding: .utf8),
      key: String(contentsOfFile: "\(file).key", encoding: .utf8))
  }

  /// Sets a TLS Secret to whatever is given.
  func setSecret(_ name: String, certificate: String, key: String) throws {
    let data: JSON = [
      "tls.crt": .string(Base64.text(certificate.utf8)), "tls.key": .string(Base64.text(key.utf8)),
    ]
    if store.get(.secrets, namespace: "oggy", name: name) != nil {
      try store.update(.secrets, namespace: "oggy", name: name) { $0["data"] = data }
    } else {
      try store.create(
        ["metadata": ["name": .string(name), "namespace": "oggy"], "type": "kubernetes.io/tls", "data": data],
        .secrets)
    }
  }

  /// The reasons and messages of an Ingress's Events.
  func events(of ingress: String) -> [String] {
    store.list(.events).items.filter { $0["involvedObject", "name"].string == ingress }.map {
      "\($0["reason"].string ?? "") \($0["message"].string ?? "")"
    }
  }

  // MARK: Requests

  /// Asks over HTTPS, or plain HTTP, on a new connection: the status and the answer; 0 for none within `limit` seconds.
  func get(
    _ path: String, host: String = "oggy.local", plain: Bool = false, limit: Int = 5
  ) async throws -> (status: Int, body: String) {
    let (scheme, port) = plain ? ("http", httpPort) : ("https", httpsPort)
    let text = try await output(
      "curl",
      [
        "-sk", "-m", "\(limit)", "--resolve", "\(host):\(port):127.0.0.1", "-w", "\n%{http_code} %{redirect_url}",
        "\(scheme)://\(host):\(port)\(path)",
      ])
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let last = (lines.last ?? "").split(separator: " ")
    let answer = last.count == 2 ? String(last[1]) : lines.dropLast().joined(separator: "\n")
    return (last.first.flatMap { Int($0) } ?? 0, answer)
  }

  /// The common name of the certificate that a new connection is shown.
  func commonName(for host: String = "oggy.local") async throws -> String {
    let text = try await output(
      "openssl", ["s_client", "-connect", "127.0.0.1:\(httpsPort)", "-servername", host])
    let subject = text.split(separator: "\n").first { $0.hasPrefix("subject=") } ?? ""
    return subject.split(separator: "CN = ").last.map(String.init) ?? ""
  }

  private func output(_ program: String, _ arguments: [String]) async throws -> String {
    let name = "run-\(UInt64.random(in: 0 ... .max))"
    _ = try await stage.start(try Executables.system(program), arguments, name: name).wait()
    return stage.log(of: name)
  }
}
