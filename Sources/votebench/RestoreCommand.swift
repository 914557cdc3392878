import ArgumentParser
import Bench
import FoundationEssentials
import Kubernetes

/// `votebench restore`: put a cluster back after a run, or a comparison, that was killed.
struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Put a cluster back after a run that was killed.",
    discussion: """
      Reads the journal in the folder of a run, or those of a comparison, puts back what the run had changed and nothing else, waits until the pods \
      are ready, and compares with how it was. What somebody else changed meanwhile is left alone, and said.
      """)

  @Argument(help: ArgumentHelp("The folder of a run or comparison, or its name below Reports/runs.", valueName: "run"))
  var name: String

  @Flag(help: "Print the commands, and change nothing.")
  var dryRun = false

  @Option(help: ArgumentHelp("How long the pods may take afterwards.", valueName: "duration"))
  var rolloutTimeout = "120s"

  mutating func validate() throws {
    guard let limit = Duration(spelled: rolloutTimeout), limit > .zero else {
      throw ValidationError("--rollout-timeout: '\(rolloutTimeout)' is no duration; write it like 120s or 5m.")
    }
  }

  mutating func run() async throws {
    do {
      try await restore()
    } catch {
      Console.error("votebench restore: \(error.message)")
      throw error.status
    }
  }

  private func restore() async throws(RunFailure) {
    let folder = try RunFolder.find(name)
    let journals = ComparisonFolder.journals(of: folder)
    if journals.isEmpty {
      throw RunFailure(
        "\(folder) has no journal.ndjson: no run changed a cluster from there.", status: ExitStatus.usage)
    }
    // Of a comparison those that left something, and at least one to say that none did.
    let open = journals.filter { Journal(folder: $0).hasOpen }
    for path in open.isEmpty ? journals.suffix(1) : open[...] {
      try await restore(path == folder ? name : path, Journal(folder: path))
    }
  }

  private func restore(_ name: String, _ journal: Journal) async throws(RunFailure) {
    let record: JournalRecord
    do {
      record = try journal.read()
    } catch {
      throw RunFailure(error)
    }
    guard let header = record.header, !record.open.isEmpty else {
      return Console.output("nothing to restore: run \(name) left everything as it was\n")
    }
    let kubectl = try await cluster(header, name)
    Console.output(
      "run \(name), begun \(header.startedAt), changed namespace \(header.namespace) of \(header.address)\n")
    var isDone = true
    for change in record.open {
      let restoration = Restoration(kubectl: kubectl, journal: journal, change: change)
      Console.output("\(change.before.workload)\n")
      do {
        if try await !putBack(restoration, kubectl) { isDone = false }
      } catch {
        say("NOT RESTORED: \(error)")
        isDone = false
      }
    }
    if !isDone { throw RunFailure("not everything is as before run \(name): see above for what is left.") }
  }

  /// Puts one workload back; false when something of it is left.
  private func putBack(_ restoration: Restoration, _ kubectl: Kubectl) async throws(KubectlError) -> Bool {
    let plan = try await restoration.plan()
    for line in plan.left { say(line) }
    if let command = plan.restore { say(command.commandLine(with: kubectl)) }
    let result = dryRun ? plan : try await restoration.putBack()
    for line in result.others { say("changed by somebody else, and left: \(line)") }
    for line in result.contested { say("CHANGED BY SOMEBODY ELSE SINCE, not put back: \(line)") }
    if let warning = result.warning { say("NOTE: \(warning)") }
    if dryRun { return true }
    guard result.isRestored else {
      for line in result.left { say("NOT PUT BACK: \(line)") }
      if let command = result.byHand { say("by hand: \(command.commandLine(with: kubectl))") }
      return false
    }
    say("as before; waiting for its pods")
    try await restoration.settle(within: Duration(spelled: rolloutTimeout) ?? .seconds(120))
    say("restored")
    return true
  }

  private func say(_ line: String) { Console.output("  \(line)\n") }

  /// kubectl for the cluster that the run changed, and for no other.
  private func cluster(_ header: JournalHeader, _ name: String) async throws(RunFailure) -> Kubectl {
    if header.isRunning {
      throw RunFailure("run \(name) goes on. Interrupt it with Ctrl-C: then it puts everything back itself.")
    }
    let place = header.kubeconfig.map { "\(header.address), \($0)" } ?? "\(header.address)"
    let present: ClusterAddress
    do {
      present = try await ClusterAddress(of: header.cluster)
    } catch {
      throw RunFailure("run \(name) changed \(place), which cannot be found any more: nothing was put back. \(error)")
    }
    guard present.server == header.server else {
      throw RunFailure(
        "run \(name) changed \(place), and this is \(present) now: nothing was put back. Set the context to that server "
          + "again, or put back by hand what the journal says was before.")
    }
    return header.cluster
  }
}
