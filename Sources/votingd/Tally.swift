/// The counts that the result frontend shows: every configured choice, at 0 when it has no vote, in their order,
/// then every other label that the table holds, in alphabetical order.
struct Tally: Sendable, Equatable {
  /// How many voters chose one label.
  struct Count: Sendable, Equatable {
    var label: String
    var count: Int
  }

  let counts: [Count]

  /// All votes, whatever their label.
  var total: Int { counts.reduce(0) { $0 + $1.count } }

  init(choices: [String], rows: [Count]) {
    var found: [String: Int] = [:]
    for row in rows { found[row.label, default: 0] += row.count }
    let others = found.keys.filter { !choices.contains($0) }.sorted()
    counts = (choices + others).map { Count(label: $0, count: found[$0] ?? 0) }
  }

  /// The answer for programs: `{"a":1,"b":2,"total":3}`.
  var json: String {
    let members = counts.map { "\(Pages.quoted($0.label)):\($0.count)" } + ["\"total\":\(total)"]
    return "{" + members.joined(separator: ",") + "}"
  }
}
