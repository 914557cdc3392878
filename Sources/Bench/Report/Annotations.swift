import FoundationEssentials

/// What a run came to, where a CI system shows remarks beside the change that it runs for.
package struct Annotations: Sendable {
  private struct Quality: Encodable {
    struct Location: Encodable {
      struct Lines: Encodable {
        var begin = 1
      }
      var path: String
      var lines = Lines()
    }
    var description: String
    var checkName: String
    var fingerprint: String
    var severity: String
    var location: Location
  }

  private let checks: [ReportChecks.Check]

  /// Remarks on every check that does not pass.
  package init(_ checks: ReportChecks) {
    self.checks = checks.all.filter { $0.verdict != .pass }
  }

  /// Lines that GitHub's runner takes from the output of a step: an error for a violation, else a warning.
  package var github: String {
    checks.map { check in
      let command = check.verdict == .fail ? "error" : "warning"
      let title = Self.escaped("votebench: \(check.name)").replacing(":", with: "%3A").replacing(",", with: "%2C")
      return "::\(command) title=\(title)::\(Self.escaped(check.text))\n"
    }.joined()
  }

  private static func escaped(_ text: String) -> String {
    // By scalars: to Swift a line break of Windows is one character.
    text.unicodeScalars.reduce(into: "") { escaped, scalar in
      escaped += ["%": "%25", "\r": "%0D", "\n": "%0A"][scalar] ?? String(scalar)
    }
  }

  /// A code quality report for GitLab's merge requests; `path` is the file that the remarks belong to.
  package func gitlab(path: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let entries = checks.map { check in
      Quality(
        description: "\(check.name): \(check.text)", checkName: "votebench", fingerprint: Self.fingerprint(check.name),
        severity: check.verdict == .fail ? "critical" : "minor", location: Quality.Location(path: path))
    }
    return String(decoding: try encoder.encode(entries), as: UTF8.self) + "\n"
  }

  /// The same for the same check in every run: 64 bits of FNV-1a, in hexadecimal.
  private static func fingerprint(_ name: String) -> String {
    let hash = name.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return String(hash, radix: 16)
  }
}
