import ArgumentParser
import Bench

/// `votebench plan`: what a run would do, and whether it can decide its objectives.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "What a run would do, and whether it can decide its objectives; changes nothing.",
    discussion: """
      Takes the options of run. Looks at the cluster as a run would, and sends no vote.

      Exit status: 0 every objective can be decided, 2 one cannot, however well all goes; 64 wrong usage, 69 the cluster \
      cannot be asked.
      """)

  @OptionGroup var options: RunOptions

  mutating func run() async throws {
    switch options.resolved() {
    case .failure(let list):
      for problem in list.problems { Console.error("votebench plan: \(problem)") }
      throw ExitStatus.usage
    case .success(let profile):
      do throws(RunFailure) {
        Console.output(try await DryRun(profile).text())
      } catch {
        Console.error("votebench plan: \(error.message)")
        throw error.status
      }
      let plan = PhasePlan(profile)
      let prospects = profile.objectives.map { Prospect($0, profile, plan) }
      if prospects.contains(where: { $0.answer == .cannot }) { throw ExitCode(2) }
    }
  }
}
