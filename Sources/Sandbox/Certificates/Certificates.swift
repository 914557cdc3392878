import FoundationEssentials
import Glibc

/// The certificates of one sandbox: an authority of its own, made at the start and gone with its folder.
///
/// openssl(1) makes them, EC P-256. Nothing outside of the folder trusts the authority.
struct Certificates: Sendable {
  /// The folder with `ca.crt`, and `NAME.crt` and `NAME.key` for ingress, default, api and client.
  let folder: String

  /// Path of the authority's certificate.
  var authority: String { "\(folder)/ca.crt" }

  /// Makes all of them; `apiAddress` is where the API server will be.
  static func make(
    in sandbox: SandboxFolder, host: String, apiAddress: String, openssl: String, journal: ProcessJournal
  ) async throws(SandboxError) -> Certificates {
    let certificates = Certificates(folder: try sandbox.makeFolder("certificates"))
    let maker = Maker(folder: certificates.folder, openssl: openssl, journal: journal)
    try await maker.authority()
    try await maker.certificate("ingress", subject: "/CN=\(host)", "serverAuth", "DNS:\(host),IP:127.0.0.1")
    // What an ingress shows to whom no certificate belongs: nobody trusts it, as on a real one.
    try await maker.certificate(
      "default", subject: "/O=Acme Co/CN=Kubernetes Ingress Controller Fake Certificate", "serverAuth",
      "DNS:ingress.local")
    try await maker.certificate("api", subject: "/CN=kube-apiserver", "serverAuth", "IP:\(apiAddress),IP:127.0.0.1")
    try await maker.certificate("client", subject: "/O=system:masters/CN=votebench", "clientAuth", nil)
    // nginx reads them as the processes' user; the authority's key is needed no more.
    unlink("\(certificates.folder)/ca.key")
    for name in ["ca.crt", "default.crt", "default.key", "api.crt", "api.key"] {
      try sandbox.give("\(certificates.folder)/\(name)")
    }
    try sandbox.give(certificates.folder)
    return certificates
  }

  /// The Secret of the voting system's host, of type `kubernetes.io/tls`; throws `startFailed`.
  func secret(named name: String, namespace: String) throws(SandboxError) -> JSON {
    [
      "metadata": ["name": .string(name), "namespace": .string(namespace)], "type": "kubernetes.io/tls",
      "data": ["tls.crt": .string(try base64("ingress.crt")), "tls.key": .string(try base64("ingress.key"))],
    ]
  }

  /// A kubeconfig with the authority and the client's certificate inside; throws `startFailed`.
  func kubeconfig(server: String, context: String, namespace: String) throws(SandboxError) -> String {
    """
    apiVersion: v1
    kind: Config
    current-context: \(context)
    clusters:
    - name: \(context)
      cluster:
        server: \(server)
        certificate-authority-data: \(try base64("ca.crt"))
    users:
    - name: \(context)
      user:
        client-certificate-data: \(try base64("client.crt"))
        client-key-data: \(try base64("client.key"))
    contexts:
    - name: \(context)
      context:
        cluster: \(context)
        user: \(context)
        namespace: \(namespace)

    """
  }

  private func base64(_ name: String) throws(SandboxError) -> String {
    do {
      return try Data(contentsOf: URL(filePath: "\(folder)/\(name)")).base64EncodedString()
    } catch {
      throw .system(EIO, attempted: "reading \(folder)/\(name)")
    }
  }
}

/// Runs openssl(1), one command at a time.
private struct Maker {
  let folder: String
  let openssl: String
  let journal: ProcessJournal

  private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
  // A clock that is a little off, here or in a client, must not matter; nor a sandbox that stays up for months.
  private static let days = "825"

  func authority() async throws(SandboxError) {
    try await run(
      ["req", "-x509"] + Self.key + [
        "-keyout", "\(folder)/ca.key", "-out", "\(folder)/ca.crt", "-days", Self.days,
        "-subj", "/CN=votebench sandbox",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
      ])
  }

  func certificate(
    _ name: String, subject: String, _ usage: String, _ names: String?
  ) async throws(SandboxError) {
    let extensions = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=\(usage)"]
    let all = extensions + (names.map { ["subjectAltName=\($0)"] } ?? [])
    try await run(
      ["req", "-x509"] + Self.key + [
        "-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).crt", "-days", Self.days, "-subj", subject,
        "-CA", "\(folder)/ca.crt", "-CAkey", "\(folder)/ca.key",
      ] + all.flatMap { ["-addext", $0] })
  }

  private func run(_ arguments: [String]) async throws(SandboxError) {
    let plan = ChildProcess.Plan(
      "openssl", [openssl] + arguments, log: "\(folder)/openssl.log", account: nil)
    try await ChildProcess.run(plan, journal: journal)
  }
}
