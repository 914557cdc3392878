/// Where a running sandbox is and how to reach it: the contents of `sandbox.json` in its folder.
///
/// The file appears when the sandbox is ready to take votes, whole at once.
package struct SandboxInfo: Codable, Sendable, Equatable {
  /// The context in the kubeconfig of every sandbox.
  package static let contextName = "votebench-sandbox"

  /// What the worker keeps of each vote.
  package enum Semantics: String, Codable, Sendable {
    /// One row a voter: the last vote wins.
    case upsert
    /// Also one row for each counted vote.
    case count

    /// What a worker's Deployment asks for, as votingd reads it.
    init(worker: JSON) {
      let arguments = worker["spec", "template", "spec", "containers"][0]["args"].elements.compactMap(\.string)
      self = arguments.contains("count") ? .count : .upsert
    }
  }

  /// The process that serves it.
  package var pid: Int32
  /// When that process started, in clock ticks since the machine's (field 22 of `/proc/PID/stat`).
  ///
  /// With the pid it names one process for good: pids are used again.
  package var startTime: UInt64
  /// The folder that holds all of its files.
  package var folder: String
  /// What to send votes to: scheme, host and port.
  package var url: String
  /// The host name in ``url``, which no resolver knows: use ``address``.
  package var host: String
  /// The address that ``host`` stands for.
  package var address: String
  /// The port in ``url``.
  package var port: Int
  /// The ingress's port for plain HTTP on ``address``: what has TLS is redirected to ``port``.
  package var httpPort: Int
  /// Path of the certificate of the authority that signed the ingress's, in PEM.
  package var caCertificate: String
  /// Path of the kubeconfig.
  package var kubeconfig: String
  /// The context in it.
  package var context: String
  /// The namespace of the voting system.
  package var namespace: String
  /// A folder for HOME when running kubectl, which caches answers by server address.
  package var kubectlHome: String
  /// What the worker keeps of each vote.
  package var semantics: Semantics
  /// The command that prints the voter and the choice of every counted vote, separated by a tab.
  ///
  /// `{prefix}` in it stands for the beginning of the voters' names.
  package var exportCommand: [String]
  /// The same of every voter's last vote, as the tally counts them: what a run is judged by whose voters vote again.
  package var voterExportCommand: [String]
  /// What these commands need in their environment.
  package var exportEnvironment: [String: String]
  /// The loopback range of its own, such as `127.70.3.0/24`.
  package var subnet: String
}
