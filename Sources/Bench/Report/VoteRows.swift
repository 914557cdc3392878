/// The votes of a ledger as CSV (RFC 4180): a line each, with a header.
///
/// Times are seconds after the first vote was due; no field needs quotes but the choices, which may hold anything.
package struct VoteRows: Sendable {
  /// The first line.
  package static let header =
    "index,voter,choice,phase,due_s,sent_s,finished_s,outcome,cause,resends,pod,fresh\n"

  private let heading: LedgerHeading
  private let ballot: Ballot
  private var phases = PhaseEdges()

  /// The rows of the ledger with this heading.
  package init(_ heading: LedgerHeading) {
    self.heading = heading
    ballot = heading.ballot
  }

  /// A phase began; votes due from then on belong to it.
  package mutating func begin(_ phase: Phase, at moment: MonotonicTime) {
    phases.begin(phase, ifInOrder: moment)
  }

  /// The line of a vote.
  package func line(of vote: Observation) -> String {
    let phase = phases.phase(at: vote.intended)?.rawValue ?? ""
    let fields = [
      "\(vote.index)", ballot.voter(of: vote.index), Self.quoted(ballot.choice(of: vote.index)), phase,
      seconds(vote.intended), seconds(vote.actual), seconds(vote.completed), "\(vote.outcome)",
      vote.cause == .none ? "" : vote.cause.name, "\(vote.resends)", "\(vote.pod)", vote.isFresh ? "1" : "0",
    ]
    return fields.joined(separator: ",") + "\n"
  }

  private func seconds(_ moment: MonotonicTime) -> String {
    let microseconds = (moment - heading.origin).nanoseconds / 1000
    let (whole, rest) = microseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    let digits = "\(rest)"
    return (microseconds < 0 ? "-" : "") + "\(whole)." + String(repeating: "0", count: 6 - digits.count) + digits
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = !text.contains { [",", "\"", "\n", "\r", "\r\n"].contains($0) }
    return isPlain ? text : "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
