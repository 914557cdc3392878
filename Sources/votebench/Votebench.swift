import ArgumentParser

/// The command line: one file a command.
@main
struct Votebench: AsyncParsableCommand {
  /// Version of the program and of what it writes.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "votebench",
    abstract: "Proves that a rollout hurt nobody.",
    discussion: """
      Sends votes at a constant arrival rate, rolls a Deployment out and back in the middle of it, and checks that \
      every accepted vote is in the tally.

        votebench --rate 500 --during-rollout                              on the bundled voting system
        votebench --rate 500 --during-rollout --image voting-app:abrupt    the same, with an image that hurts

      Exit status: 0 pass, 1 fail, 2 inconclusive, 64 wrong usage, 69 could not run, 70 a fault of votebench, \
      130 or 143 interrupted.
      """,
    version: version,
    subcommands: [
      RunCommand.self, PlanCommand.self, CompareCommand.self, ReportCommand.self, MergeCommand.self, DiffCommand.self,
      VerifyCommand.self,
      RestoreCommand.self,
      SandboxCommand.self,
      ManifestsCommand.self,
    ],
    defaultSubcommand: RunCommand.self)
}
