import ArgumentParser
import Bench
import FoundationEssentials

/// `votebench compare`: the same rollout under several settings, repeated and interleaved.
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "The same rollout under several settings, repeated and interleaved.",
    discussion: """
      Takes the options of run. Makes the rollout under each --strategy and --variant, every one once in each \
      repetition, in random order, forth and back in turn, and says which of them to take, with what confidence. \
      The workload is put back at the end. What was stopped goes on with --resume.

        votebench compare --rate 500 --strategy maxSurge=1,maxUnavailable=0 --strategy maxSurge=25%,maxUnavailable=25%
        votebench compare --rate 500 --variant preStop=none --variant preStop=5s

      Exit status: 0 an answer, 1 no setting is fit (each lost votes, or did not complete), 2 nobody can say yet, \
      64 wrong usage, 69 a rollout could not be made, 130 or 143 interrupted.
      """)

  @OptionGroup var options: RunOptions

  @Option(
    parsing: .unconditionalSingleValue,
    help: "A setting that is more than a strategy: preStop=5s, replicas=8, image=..., patch={...}; repeat it.")
  var variant: [String] = []

  @Option(
    name: .customLong("repeat"), parsing: .unconditional,
    help: "Rollouts under each setting (default 8, or as many as it takes to tell anything).")
  var repetitions: String?

  @Option(parsing: .unconditional, help: "What settings are judged by (default failed-votes).")
  var primary: String?

  @Option(parsing: .unconditional, help: "Differences of it below this are none, in its unit.")
  var margin: String?

  @Option(parsing: .unconditional, help: "Go on with a comparison: its folder, or its name below Reports/runs.")
  var resume: String?

  mutating func run() async throws {
    let status: ExitCode
    do throws(RunFailure) {
      status = try await compare()
    } catch {
      Console.error("votebench compare: \(error.message)")
      throw error.status
    }
    throw status
  }

  private var typed: ComparisonRequest.Typed {
    let settings =
      options.strategy.map { ComparisonRequest.Typed.Setting(isVariant: false, text: $0) }
      + variant.map { ComparisonRequest.Typed.Setting(isVariant: true, text: $0) }
    return ComparisonRequest.Typed(settings: settings, repetitions: repetitions, primary: primary, margin: margin)
  }

  private func compare() async throws(RunFailure) -> ExitCode {
    let (asked, problems) = options.asked(of: "compare")
    if let resume {
      let isAlone = asked == Settings() && typed == ComparisonRequest.Typed(settings: [])
      if !problems.isEmpty || !isAlone {
        throw refused(
          problems + [Settings.Problem("--resume", "goes on with what was asked for: leave the other options out")])
      }
      return try await go(on: try ComparisonFolder.open(resume))
    }
    var settings = asked
    // The strategies are settings of the comparison; one of a profile stays, to be refused.
    if !options.strategy.isEmpty { settings = options.withoutStrategy }
    switch ComparisonRequest.validate(typed, settings: settings, freshSeed: .random(in: 0...UInt64.max)) {
    case .failure(let list): throw refused(problems + list.problems)
    case .success(let request):
      if !problems.isEmpty { throw refused(problems) }
      if options.dryRun {
        Console.output(ComparisonPlanText(request).text)
        return .success
      }
      return try await go(on: try ComparisonFolder.make(request, out: request.profile.out))
    }
  }

  /// Tells every problem but the last, which the failure has.
  private func refused(_ problems: [Settings.Problem]) -> RunFailure {
    for problem in problems.dropLast() { Console.error("votebench compare: \(problem)") }
    return RunFailure(problems.last?.description ?? "", status: ExitStatus.usage)
  }

  private func go(on folder: ComparisonFolder) async throws(RunFailure) -> ExitCode {
    if options.dryRun {
      Console.output(ComparisonPlanText(folder.log.request, made: folder.log.rollouts.count).text)
      return .success
    }
    let execution = ComparisonExecution(folder, style: options.style)
    let failure = await execution.run()
    if let failure, folder.log.rollouts.isEmpty { throw failure }
    try folder.write()
    let comparison = folder.log.comparison
    let text = ComparisonText(comparison, color: Console.outputHasColor).text
    Console.output(
      options.quiet ? text.prefix { $0 != "\n" } + "\n" : text + "\nreport     \(folder.path)/comparison.html\n")
    if let failure { throw failure }
    return ExitCode(comparison.exitCode)
  }
}
