import Glibc

/// The programs of images, each image's in a folder of its own, and the PATH that its containers have.
struct ImagePrograms: Sendable {
  private let votingd: String
  private let paths: [Image.Program: String]

  /// Writes the small scripts that stand for the machine's servers; throws `startFailed` or `noSpace`.
  init(in folder: SandboxFolder, votingd: String, programs: Programs) throws(SandboxError) {
    self.votingd = votingd
    let usual = "/usr/local/bin:/usr/bin:/bin"
    let redis = try folder.makeFolder("redis-image", forProcesses: true)
    let scripts = Image.redisPrograms(server: programs.redisServer, client: programs.redisClient)
    for (name, text) in scripts {
      try folder.write(text, to: "redis-image/\(name)", forProcesses: true)
      chmod("\(redis)/\(name)", 0o500)
    }
    let binaries = programs.postgres.prefix(upTo: programs.postgres.lastIndex(of: "/") ?? programs.postgres.endIndex)
    paths = [.votingd: usual, .redis: "\(redis):\(usual)", .postgres: "\(binaries):\(usual)"]
  }

  /// What PATH is in a container of an image.
  func path(of image: Image) -> String {
    image.hasPrograms ? paths[image.program] ?? "" : "/app"
  }

  /// A command with votingd, which is in no folder of PATH, by its own path.
  func located(_ command: [String]) -> [String] {
    guard let name = command.first, name == "votingd" || name.hasSuffix("/votingd") else { return command }
    return [votingd] + command.dropFirst()
  }

  /// Whether a program is there, by its path or in a folder of PATH.
  static func isThere(_ program: String, in path: String) -> Bool {
    if program.contains("/") { return access(program, X_OK) == 0 }
    return path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
  }
}
