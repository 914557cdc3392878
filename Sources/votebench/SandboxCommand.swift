import ArgumentParser
import Bench
import Sandbox

/// `votebench sandbox`: the voting system on this machine.
struct SandboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sandbox", abstract: "The voting system on this machine: up, down, status.",
    subcommands: [Up.self, Down.self, Status.self, Serve.self])

  /// Starts a sandbox that outlives this command.
  struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "up", abstract: "Start the voting system; it stays until 'down'.")

    @Option(help: "How long vote pods take to be ready (default 0s).")
    var podStartup: String?

    @Option(help: "Votes a second that one of them can take (default: as many as it can).")
    var podCapacity: String?

    @Option(help: "For how long one is slower after its start, at first five times (default 0s).")
    var podWarmup: String?

    mutating func run() async throws {
      let traits = try traits()
      do {
        let child = try await SandboxChild.start(
          SandboxConfiguration(traits, lifeline: false), executable: Program.path)
        Console.output(SandboxCommand.guide(to: child.info))
      } catch {
        Console.error("votebench sandbox: \(error)")
        throw ExitStatus.unavailable
      }
    }

    /// What the pods are to be like, by the reader of profiles.
    private func traits() throws -> PodTraits {
      var settings = Settings()
      let texts: [(Settings.Key, String?)] = [
        (.podStartup, podStartup), (.podCapacity, podCapacity), (.podWarmup, podWarmup),
      ]
      for (key, text) in texts {
        if let text { settings.set(key, Settings.Setting(text, place: "--\(key.rawValue)")) }
      }
      switch RunProfile.validate(settings, freshSeed: 0) {
      case .success(let profile): return profile.podTraits
      case .failure(let list):
        for problem in list.problems { Console.error("votebench sandbox: \(problem)") }
        throw ExitStatus.usage
      }
    }
  }

  /// Ends every sandbox of this user.
  struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "down", abstract: "End every sandbox of yours, and remove what one left that was killed.")

    mutating func run() async throws {
      for entry in SandboxRegistry.sandboxes() where entry.isAlive {
        await SandboxRegistry.end(entry.info)
        Console.output("ended \(entry.info.url)\n")
      }
      for folder in await SandboxRegistry.cleanLeftovers() { Console.output("removed \(folder)\n") }
    }
  }

  /// Lists this user's sandboxes.
  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "List the sandboxes of yours.")

    mutating func run() async throws {
      let alive = SandboxRegistry.sandboxes().filter(\.isAlive)
      if alive.isEmpty { Console.output("no sandbox is up; start one with: votebench sandbox up\n") }
      for entry in alive { Console.output(SandboxCommand.guide(to: entry.info)) }
    }
  }

  /// The process behind a sandbox; started by `run` and `up`, which pass the configuration.
  struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", shouldDisplay: false)

    @Option var configuration: String

    mutating func run() async throws {
      do {
        try await SandboxService.serve(try SandboxConfiguration(argument: configuration))
      } catch let error as SandboxError {
        Console.error("\(error)")
        throw ExitStatus.unavailable
      }
    }
  }

  /// Where a sandbox is, and what to try.
  ///
  /// kubectl caches what a server offers by its address, and sandboxes use addresses again: hence a cache apart.
  private static func guide(to info: SandboxInfo) -> String {
    """
    sandbox at \(info.url) (process \(info.pid))
      pages    \(info.url)/vote and \(info.url)/result, for \(info.host) at \(info.address)
      CA       \(info.caCertificate)
      kubectl  export KUBECONFIG=\(info.kubeconfig) KUBECACHEDIR=\(info.kubectlHome)
      try      kubectl get deployments,statefulsets,pods
               kubectl set image deployment/voting-app voting-app=voting-app:v2
               curl --cacert \(info.caCertificate) --resolve \(info.host):\(info.port):\(info.address) \
    -b voter_id=me -d vote=a \(info.url)/vote

    """
  }
}

extension SandboxConfiguration {
  /// A sandbox of this votebench whose vote pods are like that.
  init(_ traits: PodTraits, lifeline: Bool = true) {
    self.init(
      votingd: Program.sibling("votingd"), manifests: Program.manifests, version: Votebench.version, lifeline: lifeline,
      podEnvironment: traits.environment, podStartup: Int(traits.startup.seconds.rounded(.up)))
  }
}
