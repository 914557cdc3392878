/// Where the paths that a container sees are on this machine.
///
/// Its processes share the machine's files, so a path below a mount is written as the folder's own wherever the
/// container gets it: in its command, its arguments and its environment. That works for the place where an image keeps
/// its data; for any other the container is refused.
struct MountTable: Sendable, Equatable {
  private var entries: [(path: String, folder: String)]

  static func == (left: MountTable, right: MountTable) -> Bool {
    left.entries.map(\.path) == right.entries.map(\.path) && left.entries.map(\.folder) == right.entries.map(\.folder)
  }

  /// From what is mounted, and the container's own folder for the image's data where that is not.
  init(_ mounts: [(path: String, folder: String)], dataPath: String?, own: String) {
    entries = mounts.map { (Self.trimmed($0.path), $0.folder) }
    if let dataPath, !entries.contains(where: { Self.below(dataPath, $0.path) != nil }) {
      entries.append((dataPath, own))
    }
    // The longest first, so that a mount inside of another one is found.
    entries.sort { $0.path.count > $1.path.count }
  }

  /// Whether something may be mounted there for an image whose data is there.
  static func allows(_ path: String, dataPath: String?) -> Bool {
    guard let dataPath else { return false }
    return below(trimmed(path), dataPath) != nil || below(dataPath, trimmed(path)) != nil
  }

  /// A text with the path in it replaced: one that is a path, or ends with one after `=`.
  func translated(_ text: String) -> String {
    if let path = place(of: text) { return path }
    guard let equals = text.firstIndex(of: "="), let path = place(of: String(text[text.index(after: equals)...])) else {
      return text
    }
    return String(text[...equals]) + path
  }

  private func place(of path: String) -> String? {
    guard path.hasPrefix("/") else { return nil }
    for entry in entries {
      if let rest = Self.below(path, entry.path) { return entry.folder + rest }
    }
    return nil
  }

  // What follows the folder in the path, empty or beginning with a slash; nil if the path is elsewhere.
  private static func below(_ path: String, _ folder: String) -> String? {
    guard path.hasPrefix(folder) else { return nil }
    let rest = path.dropFirst(folder.count)
    return rest.isEmpty || rest.hasPrefix("/") ? String(rest) : nil
  }

  private static func trimmed(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}
