import ArgumentParser
import Bench

/// `votebench report`: what a finished run's folder holds, printed in another form.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Print a finished run's votes.",
    discussion: """
      With --votes every vote of votes.ledger as CSV, in the order in which they came back: index, voter, choice, phase, \
      due, sent and finished in seconds after the first vote was due, outcome, cause, re-sends, number of the pod, and \
      whether it took a connection of its own.
      """)

  @Argument(help: ArgumentHelp("A run's folder, or its name below Reports/runs.", valueName: "run"))
  var name: String

  @Flag(help: "Every vote, as CSV.")
  var votes = false

  mutating func validate() throws {
    guard votes else { throw ValidationError("say what to print: --votes.") }
  }

  mutating func run() throws {
    do throws(RunFailure) {
      let path = try RunFolder.ledger(of: name)
      var text = VoteRows.header
      var rows: VoteRows?
      let torn = try LedgerFile.read(path) { record in
        switch record {
        case .note(.begin(let heading)): rows = VoteRows(heading)
        case .note(.phase(let name, let moment)): rows?.begin(name, at: moment)
        case .vote(let vote): text += rows?.line(of: vote) ?? ""
        default: break
        }
        if text.utf8.count >= 1 << 16 {
          Console.output(text)
          text = ""
        }
      }
      Console.output(text)
      if torn > 0 {
        Console.error("votebench report: the ledger ends in the middle of a record: \(torn) bytes were left out")
      }
    } catch {
      Console.error("votebench report: \(error.message)")
      throw error.status
    }
  }
}
