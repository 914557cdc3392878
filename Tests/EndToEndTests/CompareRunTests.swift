import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// Comparisons on the sandbox.
@Suite("A comparison", .serialized)
struct CompareRunTests {
  private static let isFull = ProcessInfo.processInfo.environment["VOTEBENCH_FULL"] != nil

  private struct Document: Decodable {
    struct Metric: Decodable {
      struct Pair: Decodable {
        var first: String
        var second: String
        var adjustedP: Double
        var verdict: String
      }
      var name: String
      var pairs: [Pair]
    }
    struct Rollout: Decodable {
      var label: String
      var folder: String
      var failedVotes: Int
      var lostVotes: Int
      var outcome: String
    }
    var metrics: [Metric]
    var rollouts: [Rollout]
  }

  private func document(_ folder: String) throws -> Document {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Document.self, from: Data(contentsOf: URL(filePath: folder + "/comparison.json")))
  }

  /// Eight repetitions with `--full`, which tell them apart; else one, which does not.
  @Test("with an image that ends at once, all pods at once do more harm than one after the other")
  func abrupt() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let (all, one) = ("maxSurge=0,maxUnavailable=100%", "maxSurge=1,maxUnavailable=0")
      let run = try await votebench.run(
        [
          "compare", "--rate", "200", "--image", "voting-app:abrupt", "--strategy", all, "--strategy", one,
          "--warmup", "2s", "--baseline", "4s", "--settle", "4s", "--repeat", Self.isFull ? "8" : "1",
          "--pod-startup", "500ms",
        ], within: .seconds(Self.isFull ? 2_400 : 300))
      let folder = try #require(votebench.report)
      let document = try document(folder)
      #expect(document.rollouts.count == (Self.isFull ? 16 : 2), "\(run.output)")
      #expect(document.rollouts.allSatisfy { $0.outcome == "complete" && $0.lostVotes == 0 }, "\(run.output)")
      func harm(_ label: String) -> Int {
        document.rollouts.filter { $0.label == label }.reduce(0) { $0 + $1.failedVotes }
      }
      #expect(harm(all) > harm(one), "\(run.output)")
      #expect(run.status == (Self.isFull ? 0 : 2), "\(run.output)")
      if Self.isFull {
        let pair = try #require(document.metrics.first { $0.name == "failed-votes" }?.pairs.first)
        #expect(pair.adjustedP <= 0.05 && pair.verdict == "better", "\(run.output)")
        #expect(run.output.contains("RECOMMENDED  \(one): "))
        print(run.output)
      }
      try await check(folder, document, on: stage)
      #expect(votebench.leftovers().isEmpty)
      #expect(votebench.processes().isEmpty)
    }
  }

  /// By the schema, and in a browser.
  private func check(_ folder: String, _ document: Document, on stage: Stage) async throws {
    let schema = try stage.start(
      "/usr/bin/python3",
      [
        "-m", "jsonschema", "-i", folder + "/comparison.json",
        Executables.projectFile("Reports/comparison.schema.json"),
      ],
      name: "schema")
    #expect(try await schema.wait(within: .seconds(30)) == .exited(0), "\(stage.log(of: "schema"))")
    for rollout in document.rollouts {
      #expect(FileManager.default.fileExists(atPath: "\(folder)/\(rollout.folder)/report.html"))
    }
    let home = stage.folder + "/browser"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
    let browser = try stage.start(Executables.projectFile("Tests/browser/comparison"), [home, folder], name: "browser")
    #expect(try await browser.wait(within: .seconds(120)) == .exited(0), "\(stage.log(of: "browser"))")
    #expect(stage.log(of: "browser").contains("tried: "))
  }

  @Test("Ctrl-C before the first rollout has ended leaves no folder and no sandbox: exit 130")
  func interrupted() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let run = try votebench.start([
        "compare", "--rate", "20", "--strategy", "maxSurge=1", "--strategy", "maxSurge=2", "--warmup", "1s",
        "--baseline", "2s", "--settle", "1s", "--repeat", "1", "--progress", "plain",
      ])
      try await waitUntil("the first rollout goes on", within: .seconds(60)) {
        stage.log(of: "votebench").contains(" set image ")
      }
      #expect(votebench.report != nil)
      run.signal(SIGINT)
      let ended = try await votebench.ended(run)
      #expect(ended.status == 130, "\(ended.output)")
      #expect(ended.output.contains("interrupted: 0 of 2 rollouts were made.") && !ended.output.contains("--resume"))
      #expect(votebench.report == nil)
      #expect(votebench.leftovers().isEmpty)
      #expect(votebench.processes().isEmpty)
    }
  }

  @Test(
    "wrong usage exits 64 with every problem named, and starts nothing",
    arguments: [
      (["compare"], ["--strategy"]),
      (
        [
          "compare", "--strategy", "maxSurge=1", "--variant", "speed=1", "--repeat", "x", "--primary", "joy", "--bogus",
        ],
        ["--variant", "--repeat", "--primary", "--bogus"]
      ),
      (["compare", "--resume", "nothing", "--rate", "5"], ["--resume"]),
      (["run", "--during-rollout", "--strategy", "maxSurge=1", "--strategy", "maxSurge=2"], ["--strategy"]),
      (["sandbox", "up", "--pod-capacity", "0", "--pod-startup", "2h"], ["--pod-startup", "--pod-capacity"]),
    ])
  func usage(arguments: [String], named: [String]) async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let run = try await votebench.run(arguments, within: .seconds(20))
      #expect(run.status == 64, "\(run.output)")
      for name in named { #expect(run.output.contains(": \(name): "), "\(run.output)") }
      #expect(votebench.report == nil)
      #expect(votebench.leftovers().isEmpty)
    }
  }

  @Test("a folder that has anything in it is not taken for a comparison, and what is in it stays: exit 64")
  func fullFolder() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let (folder, kept) = (stage.folder + "/mine", stage.folder + "/mine/runs/keep/x")
      try FileManager.default.createDirectory(atPath: folder + "/runs/keep", withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: URL(filePath: kept))
      let run = try await votebench.run(
        ["compare", "--strategy", "maxSurge=1", "--strategy", "maxSurge=2", "--repeat", "1", "--out", folder],
        within: .seconds(60))
      #expect(run.status == 64 && run.output.contains("is not empty: give another folder"), "\(run.output)")
      #expect(try String(contentsOfFile: kept, encoding: .utf8) == "mine")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["runs"])
      #expect(votebench.leftovers().isEmpty)
    }
  }

  @Test("what is no comparison cannot be gone on with: exit 64; a dry run says the plan and makes nothing")
  func noComparison() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let nowhere = try await votebench.run(["compare", "--resume", "nowhere"], within: .seconds(20))
      #expect(nowhere.status == 64 && nowhere.output.contains("no run 'nowhere'"), "\(nowhere.output)")
      let other = try await votebench.run(["compare", "--resume", stage.folder], within: .seconds(20))
      #expect(other.status == 64 && other.output.contains("has no plan.json"), "\(other.output)")
      let plan = try await votebench.run(
        ["compare", "--strategy", "maxSurge=1", "--strategy", "maxSurge=2", "--repeat", "2", "--dry-run"],
        within: .seconds(20))
      #expect(plan.status == 0 && plan.output.contains("2 repetitions: 4 rollouts"), "\(plan.output)")
      #expect(votebench.report == nil)
    }
  }
}
