import FoundationEssentials

/// Where the programs are that tests run.
package enum Executables {
  /// A program of this package, from the folder in which the tests were built.
  package static func built(_ name: String) throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let candidates = [tests, CommandLine.arguments[0]].map { folder(of: $0) + "/" + name }
    if let found = candidates.first(where: isExecutable) { return found }
    throw StageError("\(name) is not built: expected it at \(candidates.joined(separator: " or "))")
  }

  /// A program of the system: from PATH, or where Debian puts what is not in everybody's.
  package static func system(_ name: String) throws -> String {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    var folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    folders += versions.sorted().reversed().map { "/usr/lib/postgresql/\($0)/bin" }
    if let found = folders.map({ $0 + "/" + name }).first(where: isExecutable) { return found }
    throw StageError("\(name) is not installed: not in \(folders.joined(separator: ":"))")
  }

  /// A file of the project, whose tests these are.
  package static func projectFile(_ name: String, from here: String = #filePath) -> String {
    folder(of: folder(of: folder(of: here))) + "/" + name
  }

  private static func folder(of path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  }

  private static func isExecutable(_ path: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: path)
  }
}
