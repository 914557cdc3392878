import ArgumentParser
import Bench
import FoundationEssentials

/// `votebench merge`: the shards of one load as one run.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Several runs or shards of one load as one.",
    discussion: """
      Every vote of every run is laid on one time axis, by the clocks of the machines, and a report is made of them as of \
      one run; no figure is averaged. The shards vote at the same target at the same time, each with --rate, and one of \
      them may drive a rollout: its phases and objectives are those of all. Give each --private-label, or an --export, so \
      that the votes of the others are not taken for strange ones.

      Exit status: 0 pass, 1 fail, 2 inconclusive, 64 they are no shards of one load, 69 a ledger cannot be read.
      """)

  @Argument(help: ArgumentHelp("The runs' folders, or their names below Reports/runs.", valueName: "run"))
  var names: [String]

  @Option(parsing: .unconditional, help: "Folder for the report (default Reports/runs/<UTC time>-merged).")
  var out: String?

  mutating func run() throws {
    do {
      let (run, log) = try merged()
      let folder = try RunFolder.make(out, name: "merged")
      Console.output(TerminalSummary(run.report, color: Console.outputHasColor).text)
      try RunFolder.write(run, log: log.map { $0 + "\n" }.joined(), to: folder)
      Console.output("report     \(folder)\n")
      throw ExitCode(run.exitCode)
    } catch let failure as RunFailure {
      Console.error("votebench merge: \(failure.message)")
      throw failure.status
    }
  }

  private func merged() throws(RunFailure) -> (run: FinishedRun, log: [String]) {
    var shards: [Shard] = []
    for name in names { shards.append(try ReportCommand.shard(name)) }
    do throws(MergedRun.Unmergeable) {
      return try MergedRun(shards).merged()
    } catch {
      throw RunFailure("\(error).", status: ExitStatus.usage)
    }
  }
}
