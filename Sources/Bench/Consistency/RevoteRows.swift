/// The rows of an export where voters may vote more than once: how many each voter has for each choice, a byte each.
///
/// Judged voter by voter at the end, when all votes of one are at hand: the order of rows does not matter.
struct RevoteRows: Sendable {
  /// What the rows of one voter prove, in numbers of rows, or of votes without one.
  struct Found {
    var rows = 0
    var lost = 0
    /// Losses beyond them that rows of indeterminate votes may hide.
    var masked = 0
    var recovered = 0
    var unresolved = 0
    var duplicated = 0
    var phantoms = 0
    var wrong = 0
    var stale = 0
    var ghosts = 0
  }

  /// The choices, and one place more for what nobody could vote for.
  private let width: Int
  private var counts: [UInt8]

  init(voters: Int, choices: Int) {
    width = choices + 1
    counts = [UInt8](repeating: 0, count: voters * width)
  }

  /// Takes one row into account; a `choice` of nil is none of those offered.
  mutating func add(voter: Int, choice: Int?) {
    let place = voter * width + (choice ?? width - 1)
    if counts[place] < .max { counts[place] += 1 }
  }

  /// Judges the rows of one voter against all votes of that voter.
  func judge(_ voter: Int, _ votes: VoterVotes, rules: ConsistencyRules) -> Found {
    let rows = counts[voter * width..<(voter + 1) * width].map { Int($0) }
    var found = Found(rows: rows.reduce(0, +))
    guard votes.isSent else {
      found.phantoms = found.rows
      return found
    }
    switch rules.semantics {
    case .upsert: judgeLast(rows, votes, &found)
    case .count: judgeEach(rows, votes, rules, &found)
    }
    return found
  }

  /// One row a voter, for the last choice: by the table of section 11.
  private func judgeLast(_ rows: [Int], _ votes: VoterVotes, _ found: inout Found) {
    let newest = votes.newestAccepted { _ in true }
    found.duplicated = max(0, found.rows - 1)
    for (choice, count) in rows.enumerated() where count > 0 {
      let made = votes.votes.filter { $0.choice == choice }
      if made.contains(where: { $0.outcome == .accepted && $0.ended >= newest }) {
        continue
      } else if made.contains(where: { $0.outcome == .indeterminate }) {
        found.recovered += 1
      } else if made.contains(where: { $0.outcome == .accepted }) {
        found.stale += 1
      } else if made.contains(where: { $0.outcome == .refused }) {
        found.ghosts += 1
      } else {
        found.wrong += 1
      }
    }
    guard found.rows == 0 else { return }
    found.lost = votes.isAccepted ? 1 : 0
    found.unresolved = !votes.isAccepted && votes.votes.contains { $0.outcome == .indeterminate } ? 1 : 0
  }

  /// One row a counted vote: as many for each choice as votes, give or take what is indeterminate.
  private func judgeEach(_ rows: [Int], _ votes: VoterVotes, _ rules: ConsistencyRules, _ found: inout Found) {
    for (choice, count) in rows.enumerated() {
      let made = votes.votes.filter { $0.choice == choice }
      let accepted = made.count { $0.outcome == .accepted }
      let open = made.count { $0.outcome == .indeterminate }
      let most = made.reduce(0) { $0 + ($1.mayCount ? (rules.isExactlyOnce ? 1 : Int($1.sends)) : 0) }
      found.lost += max(0, accepted - count)
      found.masked += min(accepted, max(0, most - count)) - max(0, accepted - count)
      found.recovered += min(open, max(0, count - accepted))
      found.unresolved += open - min(open, max(0, count - accepted))
      guard count > most else { continue }
      if most > 0 {
        found.duplicated += count - most
      } else if made.contains(where: { $0.outcome == .refused }) {
        found.ghosts += count
      } else {
        found.wrong += count
      }
    }
  }
}
