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
    let execution = RunExecution(
      profile: profile, progress: ProgressView(style: options.style), interrupts: Interrupts())
    do {
      if options.dryRun { return Console.output(try await DryRun(profile).text()) }
      let folder = try RunFolder(profile.out, name: execution.name, profile)
      let ended: RunExecution.Ended
      do {
        ended = try await execution.run(in: folder)
      } catch {
        folder.discard()
        throw error
      }
      let (run, status) = (ended.run, ExitCode(ended.run.exitCode))
      let summary = TerminalSummary(run.report, color: Console.outputHasColor).text
      Console.output(options.quiet ? summary.prefix { $0 != "\n" } + "\n" : summary)
      try folder.write(run)
      Console.output(options.quiet ? "" : "report     \(folder.path)\n")
      if let failure = ended.failure { Console.error("votebench: \(failure.message)") }
      do throws(RunFailure) {
        try CIReports().publish(run, profile: options.ownProfile, in: folder)
      } catch {
        Console.error("votebench: \(error.message)")
        // What the run came to is not hidden by where it could not be told.
        throw status.isSuccess ? error.status : status
      }
      throw status
    } catch let failure as RunFailure {
      Console.error("votebench: \(failure.message)")
      throw failure.status
    } catch let status as ExitCode {
      throw status
    } catch {
      Console.error("votebench: a fault of votebench itself: \(error)")
      throw ExitStatus.fault
    }
  }
}
