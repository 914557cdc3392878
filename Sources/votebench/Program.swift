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

  /// The folder of the voting system's manifests.
  static var manifests: String { projectFile("Profiles/manifests") }

  /// A file of the project: below VOTEBENCH_HOME, which the launcher sets, or else the nearest folder above this
  /// program that has it.
  static func projectFile(_ name: String) -> String {
    let home = ProcessInfo.processInfo.environment["VOTEBENCH_HOME"] ?? ""
    if !home.isEmpty { return "\(home)/\(name)" }
    var folders = path.split(separator: "/").dropLast()
    while !folders.isEmpty {
      let candidate = "/\(folders.joined(separator: "/"))/\(name)"
      if FileManager.default.fileExists(atPath: candidate) { return candidate }
      folders.removeLast()
    }
    return name
  }
}
