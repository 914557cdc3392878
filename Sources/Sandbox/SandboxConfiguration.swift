import FoundationEssentials

/// What a sandbox is to be: given to ``SandboxService/serve(_:)`` as JSON, since that runs in a process of its own.
package struct SandboxConfiguration: Codable, Sendable, Equatable {
  /// The port of the ingress on 127.0.0.1, or the first of 51 to try.
  package var httpsPort: Int
  /// The first port on 127.0.0.1 to try for plain HTTP, of 51.
  package var httpPort: Int
  /// Whether only ``httpsPort`` will do: then it is an error if it is taken.
  package var exactPort: Bool
  /// Path of the `votingd` binary.
  package var votingd: String
  /// The folder of the voting system's manifests.
  package var manifests: String
  /// The version of votebench that asks, for the logs.
  package var version: String
  /// The folder in which the sandbox makes its own.
  package var folderBase: String
  /// Whether the sandbox ends when its standard input does.
  ///
  /// That is how it notices the end of its parent, however that came.
  package var lifeline: Bool
  /// How far the ingress's endpoints lag behind the API, as a multiple of what was measured; 0 for not at all.
  package var ingressLag: Double
  /// What else the containers of the Deployment `voting-app` have in their environment.
  package var podEnvironment: [String: String]
  /// Whole seconds that these pods take to be ready beyond what they take without it.
  package var podStartup: Int

  /// A sandbox as `votebench run` wants it, but for what is given.
  package init(
    httpsPort: Int = 8443, httpPort: Int = 8080, exactPort: Bool = false, votingd: String, manifests: String,
    version: String = "dev", folderBase: String? = nil, lifeline: Bool = true, ingressLag: Double = 1,
    podEnvironment: [String: String] = [:], podStartup: Int = 0
  ) {
    self.httpsPort = httpsPort
    self.httpPort = httpPort
    self.exactPort = exactPort
    self.votingd = votingd
    self.manifests = manifests
    self.version = version
    self.folderBase = folderBase ?? SandboxFolder.defaultBase
    self.lifeline = lifeline
    self.ingressLag = ingressLag
    self.podEnvironment = podEnvironment
    self.podStartup = podStartup
  }

  /// As one argument of a command line.
  package var argument: String {
    get throws {
      let encoder = JSONEncoder()
      // Paths stay readable in a list of processes.
      encoder.outputFormatting = .withoutEscapingSlashes
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// Reads what ``argument`` wrote; throws a `DecodingError`.
  package init(argument: String) throws {
    self = try JSONDecoder().decode(SandboxConfiguration.self, from: Data(argument.utf8))
  }
}
