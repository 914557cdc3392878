import ArgumentParser
import Bench
import Sandbox

/// `votebench sandbox`: the voting system on this machine.
struct SandboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sandbox", abstract: "The voting system on this machine.",
    subcommands: [Serve.self])

  /// The process behind a sandbox; started by `run`, which passes the configuration.
  struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", shouldDisplay: false)

    @Option var configuration: String

    mutating func run() async throws {
      do {
        try await SandboxService.serve(try SandboxConfiguration(argument: configuration))
      } catch let error as SandboxError {
        Console.error("votebench sandbox: \(error)")
        throw ExitStatus.unavailable
      }
    }
  }
}
