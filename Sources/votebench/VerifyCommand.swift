import ArgumentParser
import Bench

/// `votebench verify`: judge a finished run's votes again, from its ledger alone.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Judge a finished run's votes again, from its ledger.",
    discussion: """
      Reads votes.ledger in the run's folder and nothing else: no cluster, no network. It comes to the verdict that the \
      run came to on its votes; of a run that was killed it says what can be known.

      Exit status: 0 pass, 1 fail, 2 inconclusive, 64 no such run, 69 the ledger cannot be read.
      """)

  @Argument(help: ArgumentHelp("A run's folder, or its name below Reports/runs.", valueName: "run"))
  var name: String

  mutating func run() throws {
    do {
      let verdict = try verify()
      if verdict != .pass { throw ExitCode(verdict == .fail ? 1 : 2) }
    } catch let failure as RunFailure {
      Console.error("votebench verify: \(failure.message)")
      throw failure.status
    }
  }

  private func verify() throws(RunFailure) -> Verdict {
    let path = try RunFolder.ledger(of: name)
    // What cannot be read is found the first time; the other times read the same bytes.
    var evidence = LedgerEvidence { body in _ = try? LedgerFile.read(path, readsNotes: false, body) }
    let torn = try LedgerFile.read(path) { evidence.add($0) }
    guard let heading = evidence.heading, let report = evidence.judged() else {
      throw RunFailure("\(path) ends before it says what run it is of: there is nothing to judge.")
    }
    Console.output("\(report.verdict.rawValue.uppercased())  run \(heading.run), begun \(heading.startedAt)\n")
    if torn > 0 {
      Console.output("           the ledger ends in the middle of a record: \(torn) bytes were left out\n")
    }
    let text = ConsistencyText(report, sources: [], color: Console.outputHasColor)
    Console.output(text.lines.joined(separator: "\n") + "\n")
    return report.verdict
  }
}
