import Bench
import FoundationEssentials
import LoadEngine
import TestSupport

/// One process that serves many sites, each of which misbehaves in its own way: `Fixtures/scripted_server.py`.
struct ScriptedServer: Sendable {
  /// How a site is spoken to.
  enum Transport: String, Sendable, CaseIterable {
    case plain, tls
  }

  /// What one site is asked for: `NAME`, or `NAME@1.2` for that version of TLS.
  struct Site: Sendable {
    var behaviour: String
    var transport: Transport
  }

  /// A vote whose request id a site has read.
  struct Post: Sendable, Hashable {
    var port: Int
    var requestID: String
    /// The connection's number on its site, and the request's place on that, both from 1.
    var connection: Int
    var place: Int
  }

  /// By the number of the site.
  let ports: [Int]
  /// The certificates that a client believes in: all but the untrusted one.
  let authorities: String
  private let stage: Stage

  /// Starts one with these sites.
  init(on stage: Stage, _ sites: [Site]) async throws {
    self.stage = stage
    authorities = "\(stage.folder)/authorities.pem"
    try await Self.makeCertificates(stage, authorities)
    let ports = try sites.map { _ in try FreePort.next() }
    self.ports = ports
    let script = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
    let words = zip(sites, ports).map { "\($1):\($0.transport):\($0.behaviour)" }
    _ = try stage.start(
      try Executables.system("python3"), ["/\(script)/Fixtures/scripted_server.py", stage.folder] + words,
      name: "scripted")
    try await waitUntil("the scripted server is ready") { stage.log(of: "scripted").contains("ready") }
  }

  /// Every vote that was read so far, in order.
  func posts() -> [Post] {
    stage.log(of: "scripted").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 4, let port = Int(words[0]), let connection = Int(words[2]), let place = Int(words[3]) else {
        return nil
      }
      return Post(port: port, requestID: String(words[1]), connection: connection, place: place)
    }
  }

  /// Certificates that sign themselves, each in one file with its key.
  private static func makeCertificates(_ stage: Stage, _ authorities: String) async throws {
    var all = ""
    for (name, host, days) in [
      ("good", "oggy.local", 2), ("wrong-name", "elsewhere.local", 2), ("expired", "oggy.local", -1),
      ("untrusted", "oggy.local", 2),
    ] {
      let file = "\(stage.folder)/\(name)"
      try await openssl(
        stage,
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=\(host) -keyout \(file).key"
          + " -addext subjectAltName=DNS:\(host) -out \(file).csr")
      try await openssl(
        stage,
        "x509 -req -in \(file).csr -signkey \(file).key -days \(days) -copy_extensions copy -out \(file).crt")
      let certificate = try String(contentsOfFile: "\(file).crt", encoding: .utf8)
      let key = try String(contentsOfFile: "\(file).key", encoding: .utf8)
      try (key + certificate).write(toFile: "\(file).pem", atomically: true, encoding: .utf8)
      if name != "untrusted" { all += certificate }
    }
    try all.write(toFile: authorities, atomically: true, encoding: .utf8)
  }

  private static func openssl(_ stage: Stage, _ words: String) async throws {
    let process = try stage.start(
      try Executables.system("openssl"), words.split(separator: " ").map(String.init), name: "openssl")
    guard try await process.wait() == .exited(0) else { throw StageError(stage.log(of: "openssl")) }
  }
}
