import ArgumentParser
import Bench

/// `votebench diff`: two finished runs side by side, with a verdict.
struct DiffCommand: ParsableCommand {
  /// The forms in which a difference is told.
  private enum Format: String, CaseIterable {
    case text, json, md, html
  }

  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Two finished runs side by side, with a verdict.",
    discussion: """
      Holds the second run, the candidate, against the first, the reference: phases, objectives, percentile curves, and \
      for each phase the share of failed votes and the response times, by blocks, with bounds. It fails where something is \
      surely worse by more than the margin, and passes only where everything is surely no worse. Both ledgers are read, \
      nothing else.

      Exit status: 0 no worse, 1 worse, 2 nobody can say, 64 no such run, or runs of different loads, 69 a ledger cannot be \
      read.
      """)

  @Argument(help: ArgumentHelp("The reference: a run's folder, or its name below Reports/runs.", valueName: "a"))
  var reference: String

  @Argument(help: ArgumentHelp("The candidate, likewise.", valueName: "b"))
  var candidate: String

  @Option(parsing: .unconditional, help: "By how much response times may be longer (default 10%).")
  var margin = "10%"

  @Option(parsing: .unconditional, help: "How many more of all votes a pass has to exclude to fail (default 0.1%).")
  var failureMargin = "0.1%"

  @Option(parsing: .unconditionalSingleValue, help: "Compare this phase alone; repeat it (default: every one of both).")
  var phase: [String] = []

  @Option(parsing: .unconditional, help: "text (default), json, md or html.")
  var format = Format.text.rawValue

  mutating func validate() throws {
    if Format(rawValue: format) == nil {
      throw ValidationError("--format: expected text, json, md or html, not '\(format)'.")
    }
    for (name, text, most) in [("--margin", margin, 1000.0), ("--failure-margin", failureMargin, 100)]
    where Self.share(text, most) == nil {
      throw ValidationError("\(name): expected a share such as 10%, up to \(Int(most))%, not '\(text)'.")
    }
    let phases = Phase.allCases.filter(\.isCounted).map(\.rawValue)
    for name in phase where !phases.contains(name) {
      throw ValidationError("--phase: expected one of \(phases.joined(separator: ", ")), not '\(name)'.")
    }
  }

  /// A share in percent as one of 1; nil for what is none.
  private static func share(_ text: String, _ most: Double) -> Double? {
    guard text.hasSuffix("%"), text.allSatisfy({ $0.isASCII && ($0.isNumber || ".%".contains($0)) }),
      let percent = Double(text.dropLast()), (0...most).contains(percent)
    else { return nil }
    return percent / 100
  }

  mutating func run() throws {
    do {
      let difference = try compared()
      Console.output(try text(difference))
      throw ExitCode(difference.exitCode)
    } catch let failure as RunFailure {
      Console.error("votebench diff: \(failure.message)")
      throw failure.status
    }
  }

  private func compared() throws(RunFailure) -> RunDifference {
    let margins = RunComparison.Margins(
      times: Self.share(margin, 1000) ?? 0.1, failures: Self.share(failureMargin, 100) ?? 0.001)
    let phases = phase.isEmpty ? nil : Set(phase.compactMap(Phase.init(rawValue:)))
    let (one, other) = (try RunFolder.ledger(of: reference), try RunFolder.ledger(of: candidate))
    let (a, b) = (try ReportCommand.read(one).run.report, try ReportCommand.read(other).run.report)
    do throws(RunDifference.Refusal) {
      return try RunDifference(a, b, margins: margins, phases: phases)
    } catch {
      throw RunFailure("\(error).", status: ExitStatus.usage)
    }
  }

  private func text(_ difference: RunDifference) throws -> String {
    switch Format(rawValue: format) {
    case .json: try DifferenceDocument(difference).json()
    case .md: DifferenceMarkdown(difference).text
    case .html: DifferencePage(difference).text
    case .text, nil: DifferenceText(difference, color: Console.outputHasColor).text
    }
  }
}
