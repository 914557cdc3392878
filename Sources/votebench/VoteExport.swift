import Bench
import Subprocess

/// Reads every counted vote of a run from the command that prints them, a line `voter<TAB>choice` each, into an audit.
///
/// The rows are never held whole.
struct VoteExport: Sendable {
  /// The command; `{prefix}` stands for what the run's voter ids begin with.
  var command: [String]
  /// Added to the environment of the command.
  var environment: [String: String]
  /// What a row stands for.
  var semantics: ConsistencyRules.Semantics

  /// A command that hangs is ended: the export of a run takes seconds.
  private static let limitSeconds = 300

  /// The finished audit, or in a sentence why there is none.
  func audit(_ ledger: Ledger, _ ballot: Ballot, _ file: LedgerFile) async -> Result<VoteAudit, RunFailure> {
    var audit = VoteAudit(VoteHistory(ledger, ballot), rules: ConsistencyRules(semantics: semantics))
    let arguments = ["\(Self.limitSeconds)"] + command.map { $0.replacing("{prefix}", with: ballot.voterPrefix) }
    let added = Dictionary(
      uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) })
    do {
      let result = try await Subprocess.run(
        .name("timeout"), arguments: Arguments(arguments), environment: .inherit.updating(added), input: .none,
        output: .sequence, error: .string(limit: 1 << 20)
      ) { execution in
        for try await line in execution.standardOutput.strings() {
          // A row that is not understood must not become a lost vote.
          guard let tab = line.firstIndex(of: "\t") else {
            throw RunFailure("it printed '\(line.prefix(80))', which is not VOTER<TAB>CHOICE")
          }
          // Others' votes may be in the table too.
          guard line.hasPrefix(ballot.voterPrefix) else { continue }
          let row = LedgerRecord(voter: line[..<tab], choice: line[line.index(after: tab)...], of: ballot)
          audit.add(row)
          file.add(row)
        }
      }
      guard result.terminationStatus.isSuccess else {
        let said = result.standardError.split(separator: "\n").last ?? "it said nothing"
        return .failure(
          RunFailure("the export ended with \(result.terminationStatus): \(said). Check --export by running it"))
      }
    } catch let failure as RunFailure {
      return .failure(RunFailure("the export cannot be used: \(failure.message). Check --export"))
    } catch {
      return .failure(RunFailure("the export could not be run: \(error). Check --export, and that it is installed"))
    }
    // A selection that is wrong finds nothing: that must not become the loss of every vote. Where all are lost indeed,
    // the tally says so.
    if audit.rowsRead == 0, ledger.observations.contains(where: { $0.outcome == .accepted }) {
      return .failure(
        RunFailure(
          "the export printed no row, though votes were accepted: check that it selects the voters whose ids begin with "
            + "\(ballot.voterPrefix), which {prefix} stands for"))
    }
    audit.finish()
    return .success(audit)
  }
}
