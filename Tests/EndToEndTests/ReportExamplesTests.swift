import FoundationEssentials
import TestSupport
import Testing

/// What Reports/README.md says to do with the files of a run.
@Suite("The examples of Reports/README.md")
struct ReportExamplesTests {
  /// A command, and what it prints by the text.
  private struct Example {
    var command: String
    var output: String

    var isOpen: Bool { command.contains("<<'END'") && !command.hasSuffix("\nEND") }
  }

  /// In indented blocks `$ ` begins a command, which has all lines up to END where it asks for that; the others are its
  /// output.
  private static func examples() throws -> [Example] {
    let path = Executables.projectFile("Reports/README.md")
    var examples: [Example] = []
    var isWithin = false
    for line in try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n") {
      let text = line.dropFirst(4)
      if line.hasPrefix("    $ ") {
        examples.append(Example(command: String(text.dropFirst(2)), output: ""))
        isWithin = true
      } else if !line.hasPrefix("    ") || !isWithin {
        isWithin = false
      } else if examples[examples.count - 1].isOpen {
        examples[examples.count - 1].command += "\n" + text
      } else {
        examples[examples.count - 1].output += text + "\n"
      }
    }
    return examples
  }

  @Test("each prints what it says, on the samples")
  func examples() async throws {
    let folder = Executables.projectFile("Reports/samples")
    let examples = try Self.examples()
    #expect(examples.count > 8)
    try await withStage { stage in
      for (number, example) in examples.enumerated() {
        let isReadable = !example.command.contains("hdrh") || HistogramLog.reader != nil
        let isThere = !example.command.hasPrefix("jq ") || FileManager.default.fileExists(atPath: "/usr/bin/jq")
        guard isReadable, isThere else { continue }
        let process = try stage.start(
          "/bin/sh", ["-c", "cd '\(folder)' && \(example.command)"],
          environment: ["PATH": "/usr/bin:/bin", "PYTHONPATH": HistogramLog.reader ?? ""], name: "example-\(number)")
        #expect(try await process.wait(within: .seconds(30)) == .exited(0), "\(example.command)")
        #expect(stage.log(of: "example-\(number)") == example.output, "\(example.command)")
      }
    }
  }
}
