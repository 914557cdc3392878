import Glibc

/// An image that the sandbox's node has: which program it is, and how a container runs it.
///
/// The programs are the machine's own; what an image of them brings besides (an entrypoint, an environment, a signal
/// to stop, a place for data) is written here as data.
struct Image: Sendable, Equatable {
  /// What is in it.
  enum Program: String, Sendable, CaseIterable {
    case votingd
    case redis
    case postgres
  }

  var program = Program.votingd
  /// The program and its first arguments, which a container's `command` replaces and its `args` follow.
  var entrypoint: [String]
  /// The environment that it brings.
  ///
  /// In it `{address}` stands for the pod's address, `{data}` for the folder that is ``dataPath`` here, and `{run}` for
  /// one of the container's own.
  var environment: [String: String] = [:]
  /// What asks it to end.
  var stopSignal = SIGTERM
  /// What ends it together with the sandbox, at once and without leaving anything.
  var haltSignal = SIGKILL
  /// Whether it has programs besides its own, such as `sleep`; without them an exec hook fails.
  var hasPrograms = true
  /// Where its data is, as it sees it: the one place where volumes can always be mounted.
  var dataPath: String?

  /// The image of that name, or nil if no registry has it.
  ///
  /// `docker.io/library/voting-app:v1` is the same as `voting-app:v1`, as with every container runtime.
  static func named(_ reference: String) -> Image? {
    var name = reference[...]
    for prefix in ["docker.io/", "library/"] where name.hasPrefix(prefix) { name = name.dropFirst(prefix.count) }
    if let image = catalogue[String(name)] { return image }
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    return servers.first { server in
      // Every tag of the major version: `15`, `15.6`, `15-alpine`.
      let tag = "\(parts[0]):\(parts[1].prefix(while: \.isNumber))"
      let rest = parts[1].drop(while: \.isNumber)
      return tag == server.name && (rest.isEmpty || rest.hasPrefix(".") || rest.hasPrefix("-"))
    }?.image
  }

  /// The reference in full, as the container runtime's messages have it.
  static func fullName(_ reference: String) -> String {
    let tagged = reference.split(separator: "/").last?.contains(":") == true ? reference : "\(reference):latest"
    if tagged.split(separator: "/").first?.contains(where: { $0 == "." || $0 == ":" }) == true, tagged.contains("/") {
      return tagged
    }
    return tagged.contains("/") ? "docker.io/\(tagged)" : "docker.io/library/\(tagged)"
  }

  private static func votingd(_ role: String, _ version: String, fault: String? = nil) -> Image {
    var image = Image(entrypoint: ["votingd", role], environment: ["APP_VERSION": version])
    image.environment["VOTE_FAULT"] = fault
    return image
  }

  private static let catalogue: [String: Image] = {
    var images: [String: Image] = [:]
    for version in ["v1", "v2"] {
      images["voting-app:\(version)"] = votingd("vote", version)
      images["result-app:\(version)"] = votingd("result", version)
      images["worker:\(version)"] = votingd("worker", version)
    }
    for (version, fault) in faults {
      images["voting-app:\(version)"] = votingd("vote", version, fault: fault)
    }
    // It has no `sleep`, so that the preStop hook fails too: what Kubernetes' defaults do.
    images["voting-app:abrupt"]?.hasPrograms = false
    images["worker:unsafe"] = votingd("worker", "unsafe")
    images["worker:unsafe"]?.entrypoint.append("--unsafe")
    return images
  }()

  private static let servers = [(name: "redis:7", image: redis), (name: "postgres:15", image: postgres)]

  // What each faulty image of the vote frontend does wrong, in the words of votingd's VOTE_FAULT.
  private static let faults = [
    "abrupt": "abrupt", "lossy": "drop:200", "slow": "slow:300ms", "crash": "crash:1s", "never-ready": "never-ready",
    "wrong-choice": "wrong-choice:50", "duplicating": "duplicate:50", "erroring": "error:20", "leaking": "leak:1Mi",
  ]
}
