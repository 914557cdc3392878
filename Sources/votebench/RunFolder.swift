import Bench
import FoundationEssentials

/// What a run leaves behind: a folder with summary.json and the percentile distributions.
enum RunFolder {
  /// Writes `report` into `folder`, or into a new one below Reports/runs named by time and `name`; gives its path.
  static func write(
    _ report: RunReport, exitCode: Int32, to folder: String?, name: String
  ) throws(RunFailure) -> String {
    let time = report.heading.startedAt.replacing("-", with: "").replacing(":", with: "").replacing("Z", with: "")
    let path = folder ?? Program.projectFile("Reports/runs/\(time)-\(name)")
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try write(try SummaryDocument(report, exitCode: exitCode).json(), to: path + "/summary.json")
      try write(report.total.responseTime.hgrm, to: path + "/latency.hgrm")
      for phase in report.phases where phase.phase.isCounted {
        try write(phase.figures.responseTime.hgrm, to: path + "/latency.\(phase.phase.rawValue).hgrm")
      }
    } catch {
      throw RunFailure(
        "writing the report to \(path): \(error). Check that there is space and that you may write there, or use --out."
      )
    }
    return path
  }

  private static func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
  }
}
