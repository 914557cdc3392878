import FoundationEssentials

/// A histogram log as somebody else's reader understands it: the Python package `hdrhistogram`.
package struct HistogramLog {
  /// One interval.
  package struct Line: Decodable {
    /// Nil for untagged lines.
    package var tag: String?
    /// Its first moment, in ms since 1970.
    package var begin: Double
    /// Its last moment, in ms since 1970.
    package var end: Double
    /// The recorded slots, ascending: the highest value of each, in ns, and its count.
    package var slots: [[Int64]]
  }

  /// The folder of the package, which the test runner fetches; nil where it did not.
  package static let reader = ProcessInfo.processInfo.environment["VOTEBENCH_HDRHISTOGRAM"]

  /// The intervals, in the order of the log.
  package let lines: [Line]

  /// Reads the log at `path`.
  package init(_ path: String, on stage: Stage, file: String = #filePath) async throws {
    let tests = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
    let reading = try stage.start(
      "/usr/bin/python3", [tests + "/read-hlog", Self.reader ?? "", path], name: "read-hlog")
    let ending = try await reading.wait(within: .seconds(60))
    let text = stage.log(of: "read-hlog")
    guard ending == .exited(0) else { throw StageError("\(path) cannot be read: \(text)") }
    lines = try JSONDecoder().decode([Line].self, from: Data(text.utf8))
  }

  /// The counts of all lines with this tag, by the highest value of the slot in ns; nil for untagged lines.
  package func slots(tag: String?) -> [Int64: Int64] {
    lines.filter { $0.tag == tag }.flatMap(\.slots).reduce(into: [:]) { $0[$1[0], default: 0] += $1[1] }
  }
}
