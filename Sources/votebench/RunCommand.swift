import ArgumentParser
import Bench
import FoundationEssentials

/// `votebench run`: run a load, drive a rollout, verify, report.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a load, drive a rollout, verify, report (the default).")

  @OptionGroup var options: RunOptions

  mutating func run() async throws {
    switch options.resolved() {
    case .failure(let list):
      for problem in list.problems { Console.error("votebench: \(problem)") }
      throw ExitStatus.usage
    case .success(let profile):
      try await run(profile)
    }
  }

  private func run(_ profile: RunProfile) async throws {
    let style = options.quiet ? .none : options.progress.flatMap(ProgressView.Style.init) ?? .auto
    let execution = RunExecution(profile: profile, progress: ProgressView(style: style), interrupts: Interrupts())
    let status: Int32
    do {
      let report: RunReport
      (report, status) = try await execution.run()
      let summary = TerminalSummary(report, color: Console.outputHasColor).text
      Console.output(options.quiet ? summary.prefix { $0 != "\n" } + "\n" : summary)
      let folder = try RunFolder.write(report, exitCode: status, to: profile.out, name: execution.name)
      Console.output(options.quiet ? "" : "report     \(folder)\n")
    } catch let failure as RunFailure {
      Console.error("votebench: \(failure.message)")
      throw failure.status
    } catch {
      Console.error("votebench: a fault of votebench itself: \(error)")
      throw ExitStatus.fault
    }
    throw ExitCode(status)
  }
}
