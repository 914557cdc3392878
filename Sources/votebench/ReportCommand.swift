import ArgumentParser
import Bench
import FoundationEssentials

/// `votebench report`: a finished run told again, from its folder.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Tell a finished run again, from its folder.",
    discussion: """
      Without --format every file of the report is written again, to the bytes that the run itself wrote; of a run that \
      was killed with what it had measured. Only votes.ledger is read: no cluster, no network.

      With --votes every vote of votes.ledger is printed as CSV, in the order in which they came back: index, voter, \
      choice, phase, due, sent and finished in seconds after the first vote was due, outcome, cause, re-sends, number of \
      the pod, and whether it took a connection of its own.

      Exit status: 0 told, whatever the run came to; 64 no such run or form, 69 the ledger cannot be read.
      """)

  @Argument(help: ArgumentHelp("A run's folder, or its name below Reports/runs.", valueName: "run"))
  var name: String

  @Option(
    parsing: .unconditional,
    help: "Print one form instead: \(FinishedRun.Format.allCases.map(\.rawValue).joined(separator: ", ")).")
  var format: String?

  @Option(parsing: .unconditional, help: "Another folder to write to.")
  var out: String?

  @Flag(help: "Print every vote, as CSV.")
  var votes = false

  mutating func validate() throws {
    if let format, FinishedRun.Format(rawValue: format) == nil {
      let forms = FinishedRun.Format.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--format: expected one of \(forms), not '\(format)'.")
    }
    guard [format != nil, out != nil, votes].count(where: \.self) < 2 else {
      throw ValidationError("give one of --format, --out and --votes.")
    }
  }

  mutating func run() throws {
    do throws(RunFailure) {
      let ledger = try RunFolder.ledger(of: name)
      if votes { return try print(votesOf: ledger) }
      // The run goes on writing the files that would be put in the place of its own.
      if format == nil, out == nil, LedgerFile.isBeingWritten(ledger) {
        throw RunFailure(
          "the run of \(ledger) is still under way. Wait for its end, or use --out or --format.",
          status: ExitStatus.usage)
      }
      let (run, log) = try Self.read(ledger)
      if let format = format.flatMap(FinishedRun.Format.init) { return Console.output(try Self.text(run, format)) }
      let folder = try self.folder(of: ledger)
      try RunFolder.write(run, log: log, to: folder)
      Console.output("report     \(folder)\n")
    } catch {
      Console.error("votebench report: \(error.message)")
      throw error.status
    }
  }

  /// The run of the ledger at `path`, with the lines of its histogram log.
  static func read(_ path: String) throws(RunFailure) -> (run: FinishedRun, log: String) {
    try reading(path) { recorded throws(RecordedRun.Unreportable) in
      let run = try recorded.finished()
      return (run, recorded.log.map { $0 + "\n" }.joined())
    }
  }

  /// The run of this name as a shard of a load.
  static func shard(_ name: String) throws(RunFailure) -> Shard {
    try reading(try RunFolder.ledger(of: name)) { recorded throws(RecordedRun.Unreportable) in
      try recorded.shard(name)
    }
  }

  private static func reading<Value>(
    _ path: String, _ body: (inout RecordedRun) throws(RecordedRun.Unreportable) -> Value
  ) throws(RunFailure) -> Value {
    // What cannot be read is found the first time; the other times read the same bytes.
    var recorded = RecordedRun { body in _ = try? LedgerFile.read(path, readsNotes: false, body) }
    try LedgerFile.read(path) { recorded.add($0) }
    do throws(RecordedRun.Unreportable) {
      return try body(&recorded)
    } catch {
      throw RunFailure("\(path) cannot be reported: \(error).")
    }
  }

  private static func text(_ run: FinishedRun, _ format: FinishedRun.Format) throws(RunFailure) -> String {
    do {
      return try run.text(format)
    } catch {
      throw RunFailure("making \(format.file): \(error)", status: ExitStatus.fault)
    }
  }

  private func folder(of ledger: String) throws(RunFailure) -> String {
    guard let out else { return String(ledger.dropLast("/votes.ledger".count)) }
    return try RunFolder.make(out, name: "")
  }

  private func print(votesOf ledger: String) throws(RunFailure) {
    var text = VoteRows.header
    var rows: VoteRows?
    let torn = try LedgerFile.read(ledger) { record in
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
  }
}
