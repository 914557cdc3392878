import FoundationEssentials
import TestSupport

/// A real nginx of one test, with TLS, that takes every vote and logs by which connection it came.
struct Nginx: Sendable {
  /// One request of the access log.
  struct Entry: Sendable {
    /// nginx's number of the connection.
    var connection: Int
    /// Place of the request on its connection, from 1.
    var place: Int
    var method: String
    var path: String
    var requestID: String
    /// Whom it came from.
    var address: String
  }

  let port: Int
  let process: ServerProcess
  /// The file of the certificate, which is its own authority.
  let certificate: String
  private let accessLog: String

  /// Its key: what clients may present, too.
  let key: String

  /// Starts one and waits until it listens; `vote` is what its configuration does on the vote path, `options` are of
  /// the port, `more` is said of the server.
  init(
    on stage: Stage, vote: String = #"return 200 '{"vote":"a"}'"#, options: String = "", more: String = ""
  ) async throws {
    let port = try FreePort.next()
    let folder = stage.folder
    try await Self.makeCertificate(stage)
    try Self.configuration(folder, port: port, vote: vote, options: options, more: more).write(
      toFile: "\(folder)/nginx.conf", atomically: true, encoding: .utf8)
    let process = try stage.start(
      try Executables.system("nginx"),
      ["-p", folder, "-c", "\(folder)/nginx.conf", "-e", "\(folder)/error.log"], name: "nginx")
    try await waitUntil("nginx listens") {
      _ = try HTTPConnection(port: port)
      return true
    }
    self.port = port
    self.process = process
    certificate = "\(folder)/tls.crt"
    key = "\(folder)/tls.key"
    accessLog = "\(folder)/access.log"
  }

  /// The access log so far.
  func entries() throws -> [Entry] {
    try String(contentsOfFile: accessLog, encoding: .utf8).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 6, let connection = Int(words[0]), let place = Int(words[1]) else { return nil }
      return Entry(
        connection: connection, place: place, method: words[2], path: words[3], requestID: words[4], address: words[5])
    }
  }

  private static func makeCertificate(_ stage: Stage) async throws {
    let openssl = try stage.start(
      try Executables.system("openssl"),
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=oggy.local", "-addext", "subjectAltName=DNS:oggy.local", "-keyout", "\(stage.folder)/tls.key", "-out",
        "\(stage.folder)/tls.crt",
      ], name: "openssl")
    guard try await openssl.wait() == .exited(0) else { throw StageError(stage.log(of: "openssl")) }
  }

  /// One process, so that stopping it stops everything.
  private static func configuration(_ folder: String, port: Int, vote: String, options: String, more: String) -> String
  {
    """
    daemon off;
    master_process off;
    pid \(folder)/nginx.pid;
    events { worker_connections 512; }
    http {
      log_format connections '$connection $connection_requests $request_method $uri $http_x_request_id $remote_addr';
      access_log \(folder)/access.log connections;
      keepalive_requests 100000;
      client_body_temp_path \(folder)/body;
      proxy_temp_path \(folder)/proxy;
      fastcgi_temp_path \(folder)/fastcgi;
      uwsgi_temp_path \(folder)/uwsgi;
      scgi_temp_path \(folder)/scgi;
      server {
        listen 127.0.0.1:\(port) ssl backlog=1024 \(options);
        listen [::1]:\(port) ssl \(options);
        \(more)
        ssl_certificate \(folder)/tls.crt;
        ssl_certificate_key \(folder)/tls.key;
        default_type application/json;
        location /vote { \(vote); }
        location /result { return 200 '{"a":1,"total":1}'; }
      }
    }
    """
  }
}
