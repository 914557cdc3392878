import Glibc
import Logging

/// One nginx: a folder of its own for its configuration and temporary files, in the foreground, one process.
struct NginxServer: Sendable {
  private let process: SupervisedProcess

  /// Starts it with a configuration and returns when it listens on that address.
  ///
  /// `sockets` are the Unix sockets that it listens on too, `afterRestart` is called when it had to be
  /// started again. Throws `startFailed` or `notReady`.
  static func start(
    _ name: String, http configuration: String, modules: [String], program: String, folder: SandboxFolder,
    listening: (address: String, port: UInt16), sockets: [String] = [], journal: ProcessJournal, logger: Logger,
    afterRestart: @escaping @Sendable () async -> Void = {}
  ) async throws(SandboxError) -> NginxServer {
    let home = try folder.makeFolder(name, forProcesses: true)
    let log = "\(folder.path)/logs/\(name).log"
    let text = main(home: home, modules: modules, http: configuration)
    try folder.write(text, to: "\(name)/nginx.conf", forProcesses: true)
    let plan = ChildProcess.Plan(
      "nginx (\(name))", [program, "-p", home, "-c", "\(home)/nginx.conf", "-e", "stderr"], log: log,
      account: folder.account)
    let process = SupervisedProcess(
      plan, journal: journal, logger: logger,
      // nginx leaves its Unix sockets when it is killed, and cannot bind them again.
      beforeStart: { for socket in sockets { unlink(socket) } }, afterRestart: afterRestart)
    try await process.start()
    try await PlainHTTP.awaitListener(listening.address, listening.port, of: process, log: log)
    return NginxServer(process: process)
  }

  /// Ends it at once, open connections with it.
  func stop() async {
    await process.stop(SIGTERM, within: .seconds(2))
  }

  private static func main(home: String, modules: [String], http: String) -> String {
    """
    \(modules.map { "load_module \($0);" }.joined(separator: "\n"))
    daemon off;
    pid \(home)/nginx.pid;
    error_log stderr warn;
    # No master: a killed one would leave its worker behind, with the port. One process carries several thousand votes
    # a second over TLS.
    master_process off;
    worker_rlimit_nofile 8192;
    events { worker_connections 4096; }
    http {
      client_body_temp_path \(home)/body;
      proxy_temp_path \(home)/proxy;
      fastcgi_temp_path \(home)/fastcgi;
      uwsgi_temp_path \(home)/uwsgi;
      scgi_temp_path \(home)/scgi;
      server_tokens off;
    \(http)
    }

    """
  }
}
