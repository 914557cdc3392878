import FoundationEssentials

/// Paths of this program, of what is installed beside it, and of the project that it belongs to.
enum Program {
  /// This program.
  static var path: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
  }

  /// A program beside this one.
  static func sibling(_ name: String) -> String {
    let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    return directory + "/" + name
  }

  /// A file of the project, in which the launcher stands: VOTEBENCH_HOME, or else the current directory.
  static func projectFile(_ name: String) -> String {
    let home = ProcessInfo.processInfo.environment["VOTEBENCH_HOME"] ?? ""
    return home.isEmpty ? name : home + "/" + name
  }
}
