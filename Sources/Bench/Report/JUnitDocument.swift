/// junit.xml: a test case an objective, for whatever shows test results.
///
/// A violation is a `failure`, what could not be decided an `error`: readers count both as red, where a skipped case would
/// be green.
package struct JUnitDocument: Sendable {
  private let report: RunReport
  private let checks: ReportChecks

  /// The document of `report` and its checks.
  package init(_ report: RunReport, _ checks: ReportChecks) {
    self.report = report
    self.checks = checks
  }

  /// The text, with a line break at its end.
  ///
  /// The root has the attributes that Jenkins' schema gives it, of which `skipped` is none.
  package var text: String {
    let seconds = decimal(report.phases.reduce(0) { $0 + $1.duration.seconds }, 3)
    let counts =
      "tests=\"\(checks.all.count)\" failures=\"\(count(.fail))\" errors=\"\(count(.inconclusive))\" time=\"\(seconds)\""
    let heading = report.heading
    let properties = [
      ("target", heading.target), ("run", heading.run), ("seed", "\(heading.seed)"), ("version", heading.version),
      ("visible", report.visibility.sentence), ("error-budget", report.budget.sentence),
    ].map { "      <property name=\"\($0)\" value=\"\(Self.escaped($1))\"/>\n" }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"votebench\" \(counts)>\n"
      + "  <testsuite name=\"votebench\" \(counts) skipped=\"0\" timestamp=\"\(Self.escaped(heading.startedAt.replacing("Z", with: "")))\">\n"
      + "    <properties>\n\(properties.joined())    </properties>\n"
      + checks.all.map(Self.element).joined() + "  </testsuite>\n</testsuites>\n"
  }

  private func count(_ verdict: Verdict) -> Int { checks.all.count { $0.verdict == verdict } }

  private static func element(_ check: ReportChecks.Check) -> String {
    let open = "    <testcase classname=\"votebench.\(check.group)\" name=\"\(escaped(check.name))\" time=\"0\""
    let tag: String
    switch check.verdict {
    case .pass: return open + "/>\n"
    case .fail: tag = "failure"
    case .inconclusive: tag = "error"
    }
    return open + ">\n      <\(tag) type=\"\(check.verdict.rawValue)\" message=\"\(escaped(check.reason))\">"
      + escaped(check.text, isAttribute: false) + "</\(tag)>\n    </testcase>\n"
  }

  /// For an attribute or a text; what XML cannot hold at all becomes a question mark.
  private static func escaped(_ text: String, isAttribute: Bool = true) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\n", "\t", "\r": escaped += isAttribute ? "&#\(scalar.value);" : String(scalar)
      default:
        let isAllowed = scalar.value >= 0x20 && scalar.value != 0xFFFE && scalar.value != 0xFFFF
        escaped += isAllowed ? String(scalar) : "?"
      }
    }
    return escaped
  }
}
