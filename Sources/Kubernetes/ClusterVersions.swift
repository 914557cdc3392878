import FoundationEssentials

extension Kubectl {
  /// The versions of kubectl and of the API server, and the context, for reports; nil for what neither says.
  ///
  /// That nobody can tell is no failure.
  package func versions(limit: Duration = .seconds(10)) async -> (client: String?, server: String?, context: String?) {
    struct Answer: Decodable {
      struct Version: Decodable { var gitVersion: String? }
      var clientVersion: Version?
      var serverVersion: Version?
    }
    let printed = try? await run(["version", "-o", "json"], limit: limit).output
    let answer = printed.flatMap { try? JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
    var name = context
    if name == nil, let current = try? await run(["config", "current-context"], limit: limit), current.exit == 0 {
      name = current.output.split(separator: "\n").first.map(String.init)
    }
    return (answer?.clientVersion?.gitVersion, answer?.serverVersion?.gitVersion, name)
  }
}
