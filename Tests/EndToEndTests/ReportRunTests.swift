import FoundationEssentials
import TestSupport
import Testing

/// The folder of a run: what it holds, and that it is enough to tell the run again.
@Suite("The report of a run", .serialized)
struct ReportRunTests {
  private func files(_ folder: String) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(filePath: "\(folder)/\($0)"))) })
  }

  /// By Prometheus' own checker, where there is one.
  private func checkMetrics(_ stage: Stage, _ path: String) async throws {
    guard let promtool = ProcessInfo.processInfo.environment["VOTEBENCH_PROMTOOL"] else { return }
    let check = try stage.start("/bin/sh", ["-c", "\(promtool) check metrics < '\(path)'"], name: "promtool")
    #expect(try await check.wait(within: .seconds(30)) == .exited(0), "\(stage.log(of: "promtool"))")
  }

  /// In a browser: at three widths, light and dark, against timeline.csv and summary.json, or a diff against its JSON.
  private func checkPage(_ stage: Stage, _ folder: String, by program: String = "report", lines: Int = 6) async throws {
    let home = stage.folder + "/browser-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
    let browser = try stage.start(Executables.projectFile("Tests/browser/\(program)"), [home, folder], name: "browser")
    #expect(try await browser.wait(within: .seconds(180)) == .exited(0), "\(stage.log(of: "browser"))")
    let tried = stage.log(of: "browser").components(separatedBy: "tried: ").count - 1
    #expect(tried > 0 && tried % lines == 0, "\(stage.log(of: "browser"))")
  }

  /// The JSON at the end of `output`, and the sample, by the published schema.
  private func checkDifference(_ stage: Stage, _ output: String) async throws {
    let begin = "{\n  \"a\" : "
    let rest = try #require(output.components(separatedBy: begin).last)
    let path = stage.folder + "/diff.json"
    try Data((begin + rest).utf8).write(to: URL(filePath: path))
    for file in [path, Executables.projectFile("Reports/samples/diff.json")] {
      let check = try stage.start(
        "/usr/bin/python3", ["-m", "jsonschema", "-i", file, Executables.projectFile("Reports/diff.schema.json")],
        name: "schema")
      #expect(try await check.wait(within: .seconds(30)) == .exited(0), "\(stage.log(of: "schema"))")
    }
  }

  @Test("every file is written again to the byte, from the ledger alone; no secret is in any but profile.yaml")
  func again() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let run = try await votebench.run(
        Votebench.shortRollout + [
          "--new-connections", "10%", "--header", "X-Token: s3cr3t", "--image", "voting-app:abrupt",
        ]
      )
      let folder = try #require(votebench.report)
      #expect(run.status == 1, "\(run.output)")
      let files = try files(folder)
      let own = ["votes.ledger", "journal.ndjson", "profile.yaml"]
      for (name, data) in files where name != "profile.yaml" {
        #expect(!String(decoding: data, as: UTF8.self).contains("s3cr3t"), "\(name)")
      }
      let mode = try FileManager.default.attributesOfItem(atPath: folder + "/profile.yaml")[.posixPermissions]
      #expect(mode as? Int == 0o600 || mode as? UInt == 0o600)

      // In another place, with nothing but the ledger.
      let copy = stage.folder + "/copy"
      try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
      try files["votes.ledger"]?.write(to: URL(filePath: copy + "/votes.ledger"))
      let told = try await votebench.run(["report", copy])
      let again = try self.files(copy)
      #expect(told.status == 0 && told.output.hasSuffix("report     \(copy)\n"), "\(told.output)")
      #expect(Set(again.keys) == Set(files.keys).subtracting(own).union(["votes.ledger"]))
      for (name, data) in again { #expect(data == files[name], "\(name) differs") }

      try await checkMetrics(stage, copy + "/metrics.prom")
      try await checkPage(stage, copy)
      // Its axis ends at a tick.
      try await checkPage(stage, Executables.projectFile("Reports/samples"))

      let printed = try await votebench.run(["report", copy, "--format", "md"])
      let markdown = String(decoding: try #require(files["report.md"]), as: UTF8.self)
      #expect(printed.status == 0 && printed.output.hasSuffix(markdown), "\(printed.output)")
      let same = try await votebench.run(["diff", folder, copy])
      #expect([0, 2].contains(same.status) && same.output.contains("A and B are the same run"), "\(same.output)")
      let json = try await votebench.run(["diff", folder, copy, "--phase", "baseline", "--format", "json"])
      #expect(json.output.contains("\"schema\" : \"votebench.diff/1.0\""), "\(json.output)")
      try await checkDifference(stage, json.output)
      try await checkPage(stage, Executables.projectFile("Reports/samples"), by: "difference", lines: 2)
      let page = try await votebench.run(["diff", folder, copy, "--format", "html"])
      #expect(page.output.hasSuffix("</html>\n") && page.output.contains("in both runs"), "\(page.output)")

      let repeated = try await votebench.run(["plan", "--profile", folder + "/profile.yaml"])
      #expect(repeated.output.contains("voting-app:abrupt") && repeated.status != 64, "\(repeated.output)")
      for arguments in [
        ["report", copy, "--format", "pdf"], ["report", copy, "--format", "md", "--out", "x"],
        ["report", copy, "--votes", "--format", "md"], ["diff", folder, copy, "--phase", "drain"],
        ["diff", folder, copy, "--margin", "10"], ["diff", folder, "no-such-run"], ["merge", folder],
      ] {
        let refused = try await votebench.run(arguments)
        #expect(refused.status == 64, "\(arguments): \(refused.output)")
      }
    }
  }
}
