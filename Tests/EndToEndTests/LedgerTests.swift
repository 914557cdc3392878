import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// `votes.ledger` of a real run: judged again, printed, cut off and left out.
@Suite("The ledger of a run", .serialized)
struct LedgerTests {
  @Test(
    "voters who vote again on the sandbox: the last vote of each is in the tally, and the report is told again",
    arguments: [["--revote", "30%"], ["--votes-per-voter", "3"]])
  func revotes(again: [String]) async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let load = ["--rate", "60", "--duration", "5s", "--warmup", "1s", "--slo", "votes.lost == 0"]
      let run = try await votebench.run(load + again, within: .seconds(120))
      let summary = try #require(run.summary, "\(run.output)")
      #expect(run.status == 0 && summary.consistency.exact && summary.consistency.accepted == 360, "\(run.output)")
      #expect(run.output.contains("one row a voter, the last vote wins"), "\(run.output)")
      let folder = try #require(votebench.report)
      // Every voter is visible in the end: the tally's chart must not show votes that it never can.
      let lines = try String(contentsOfFile: folder + "/timeline.csv", encoding: .utf8).split(separator: "\n")
      let cells = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false) }
      let place = try #require(cells[0].firstIndex(of: "accepted_total"))
      #expect(
        cells[0][place + 1] == "visible_total" && cells.last?[place] == cells.last?[place + 1], "\(lines.suffix(2))")
      let before = try Data(contentsOf: URL(filePath: folder + "/summary.json"))
      #expect(try await votebench.run(["report", folder]).status == 0)
      #expect(try Data(contentsOf: URL(filePath: folder + "/summary.json")) == before)
    }
  }

  @Test("a run's votes are judged again to the same figures, and printed as CSV; without a ledger: exit 64")
  func judgedAgain() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let run = try await votebench.run(
        ["--rate", "200", "--duration", "3s", "--warmup", "1s"] + Votebench.patient, within: .seconds(90))
      let summary = try #require(run.summary, "\(run.output)")
      let folder = try #require(votebench.report)
      #expect(run.status == 0 && summary.consistency.accepted == 800, "\(run.output)")

      let again = try await votebench.run(["verify", folder])
      let votes = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("votes ") })
      #expect(again.status == 0 && again.output.contains("PASS  run "), "\(again.output)")
      #expect(again.output.contains(votes), "\(again.output)")

      let printed = try await votebench.run(["report", "--votes", folder])
      let rows = printed.output.split(separator: "\n").filter { $0.contains(",vb") }
      #expect(printed.status == 0 && rows.count == 800)
      #expect(rows.count { $0.contains(",accepted,") } == 800)
      #expect(rows.count { $0.contains(",warmup,") } == 200)

      let ledger = folder + "/votes.ledger"
      let bytes = try Data(contentsOf: URL(filePath: ledger))
      try Data(bytes.prefix(bytes.count / 2)).write(to: URL(filePath: ledger))
      let half = try await votebench.run(["verify", folder])
      #expect(half.status == 2 && half.output.contains("INCONCLUSIVE"), "\(half.output)")
      let torn = try await votebench.run(["report", "--votes", folder])
      let said = torn.output.contains("the ledger ends in the middle of a record")
      #expect(
        torn.status == 0 && said == half.output.contains("in the middle of a record"), "\(torn.output.suffix(300))")
      try Data("no ledger at all".utf8).write(to: URL(filePath: ledger))
      let damaged = try await votebench.run(["verify", folder])
      #expect(damaged.status == 69 && damaged.output.contains("does not begin with VBLEDGR1"), "\(damaged.output)")
      // A run into the same folder: what is there of the one before is not taken for its own.
      let anew = try await votebench.run(
        ["--out", folder, "--no-ledger", "--rate", "100", "--duration", "1s", "--warmup", "0s"], within: .seconds(90))
      #expect(anew.summary?.consistency.accepted == 100, "\(anew.output)")
      for arguments in [["verify", folder], ["report", "--votes", folder], ["verify", "no-such-run"]] {
        let none = try await votebench.run(arguments)
        #expect(none.status == 64, "\(arguments): \(none.output)")
      }
    }
  }
}
