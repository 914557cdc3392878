/// The images that the sandbox's node can pull: all are the one votingd binary, with other arguments and
/// environments.
struct Image: Sendable, Equatable {
  /// The arguments of votingd.
  var arguments: [String]
  /// The environment that the image brings.
  var environment: [String: String]
  /// Whether it has programs besides votingd, such as `sleep`; without them an exec hook fails.
  var hasPrograms = true

  /// The image of that name, or nil if no registry has it.
  ///
  /// `docker.io/library/voting-app:v1` is the same as `voting-app:v1`, as with every container runtime.
  static func named(_ reference: String) -> Image? {
    var name = reference[...]
    for prefix in ["docker.io/", "library/"] where name.hasPrefix(prefix) { name = name.dropFirst(prefix.count) }
    return catalogue[String(name)]
  }

  /// The reference in full, as the container runtime's messages have it.
  static func fullName(_ reference: String) -> String {
    let tagged = reference.split(separator: "/").last?.contains(":") == true ? reference : "\(reference):latest"
    if tagged.split(separator: "/").first?.contains(where: { $0 == "." || $0 == ":" }) == true, tagged.contains("/") {
      return tagged
    }
    return tagged.contains("/") ? "docker.io/\(tagged)" : "docker.io/library/\(tagged)"
  }

  private static let catalogue: [String: Image] = {
    var images: [String: Image] = [:]
    for version in ["v1", "v2"] {
      images["voting-app:\(version)"] = Image(arguments: ["vote"], environment: ["APP_VERSION": version])
      images["result-app:\(version)"] = Image(arguments: ["result"], environment: ["APP_VERSION": version])
      images["worker:\(version)"] = Image(arguments: ["worker"], environment: ["APP_VERSION": version])
    }
    // Ends at once on SIGTERM, and has no `sleep`, so that the preStop hook fails too: what Kubernetes' defaults do.
    images["voting-app:abrupt"] = Image(
      arguments: ["vote"], environment: ["APP_VERSION": "abrupt", "VOTE_FAULT": "abrupt"], hasPrograms: false)
    // Answers as always, but drops one vote in 200.
    images["voting-app:lossy"] = Image(
      arguments: ["vote"], environment: ["APP_VERSION": "lossy", "VOTE_FAULT": "drop:200"])
    return images
  }()
}
