/// The command that prints every counted vote, for an audit from outside.
enum VoteExport {
  /// psql with one COPY: a line for each vote, voter and choice with a tab between.
  ///
  /// The database goes by the name of its Service, which the environment has to resolve: its pod may be another by then.
  /// `{prefix}` stands for the beginning of the voters' names; it must hold no `%`, `_` or quote.
  static func command(psql: String, host: String, _ semantics: SandboxInfo.Semantics) -> [String] {
    let query =
      switch semantics {
      case .count: "SELECT voter_id, vote FROM counted WHERE voter_id LIKE '{prefix}%'"
      case .upsert: "SELECT id, vote FROM votes WHERE id LIKE '{prefix}%'"
      }
    return [
      psql, "-X", "-q", "-h", host, "-U", "postgres", "-d", "votes", "-v", "ON_ERROR_STOP=1", "-c",
      "COPY (\(query)) TO STDOUT",
    ]
  }
}
