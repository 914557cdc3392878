import ArgumentParser
import Sandbox

/// `votebench manifests`: the Kubernetes manifests of the voting system.
struct ManifestsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manifests", abstract: "Print the Kubernetes manifests of the voting system.",
    discussion: """
      The files of Profiles/manifests as one, for a cluster of your own:

        votebench manifests | kubectl apply -f -

      The TLS Secret `oggy-tls` is not among them: make it where the system runs. The README has the whole walk.
      """)

  mutating func run() throws {
    do {
      Console.output(try Manifests(folder: Program.manifests).text)
    } catch {
      Console.error("votebench manifests: \(error)")
      throw ExitStatus.unavailable
    }
  }
}
