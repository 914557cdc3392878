import Bench
import FoundationEssentials

/// What a CI system takes from a run beside its exit status, where one runs it: GitHub its step summary and remarks in the
/// output, GitLab a code quality report in the run's folder.
struct CIReports {
  /// GitLab's artifact, in the run's folder.
  static let qualityFile = "gl-code-quality-report.json"

  private let environment: [String: String]

  init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.environment = environment
  }

  /// Hands over what the run came to; `profile` is the file that remarks are shown at.
  func publish(_ run: FinishedRun, profile: String?, in folder: RunFolder) throws(RunFailure) {
    let annotations = Annotations(run.checks)
    if environment["GITHUB_ACTIONS"] == "true" { Console.output(annotations.github) }
    if let summary = environment["GITHUB_STEP_SUMMARY"], !summary.isEmpty {
      let text = MarkdownReport(run.report, run.checks).text
      let file = AppendedFile(path: summary)
      file.begin(keeping: true)
      file.write(Array(text.utf8))
      if let problem = file.problem {
        throw RunFailure("adding to $GITHUB_STEP_SUMMARY (\(summary)): \(problem). Check that it can be written.")
      }
    }
    guard environment["GITLAB_CI"] == "true" else { return }
    let path = "\(folder.path)/\(Self.qualityFile)"
    do {
      try RunFolder.write(try annotations.gitlab(path: profile ?? "votebench"), to: path)
    } catch {
      throw RunFailure("writing \(path): \(error). Check that there is space and that you may write there.")
    }
  }
}
