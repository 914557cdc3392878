import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// What is wrong with the voting system has a name in the summary, and what is not wrong has none.
///
/// The short form does each once; with VOTEBENCH_FULL set, fifty times.
@Suite("The truth about the votes")
struct TruthTests {
  private static let rounds = ProcessInfo.processInfo.environment["VOTEBENCH_FULL"] == nil ? 1 : 50
  private static let load =
    [
      "--rate", "200", "--duration", "14s", "--warmup", "1s", "--poll-interval", "200ms", "--drain-max", "20s",
    ] + Votebench.patient

  @Test("each fault is called by its name, the votes that it took by theirs", arguments: TruthFault.allCases)
  func named(fault: TruthFault) async throws {
    var right = 0
    for round in 1...Self.rounds {
      if try await isToldRight(fault) { right += 1 } else { Issue.record("\(fault.rawValue): round \(round)") }
    }
    print("\(fault.rawValue): \(right) of \(Self.rounds) runs told right")
  }

  /// A run with the fault in its middle; false when something else was found than has been done.
  private func isToldRight(_ fault: TruthFault) async throws -> Bool {
    var isRight = false
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let process = try votebench.start(Self.load)
      try await waitUntil("the load runs", within: .seconds(60)) { stage.log(of: "votebench").contains("warmup") }
      try await run(fault.script, on: stage)
      let held = fault.killsWorker ? try await killPausingWorker(votebench) : nil
      let run = try await votebench.ended(process)
      let found = try #require(run.summary, "\(run.output)").consistency
      isRight = Self.agrees(found, with: fault, held: held)
      if !isRight { print("\(fault.rawValue), held \(held?.count ?? 0): \(found)\n\(run.output)") }
    }
    return isRight
  }

  /// `held` are the voters that the killed worker had in hand, by its own word.
  private static func agrees(
    _ found: Votebench.Summary.Consistency, with fault: TruthFault, held: Set<String>?
  ) -> Bool {
    let codes = Set(found.findings.map(\.code))
    let isNamed = fault == .none ? codes.isEmpty && found.verdict == "pass" : codes.isSuperset(of: fault.codes)
    return switch fault {
    case .none, .staleReplica: isNamed && found.lost == 0 && found.duplicated == 0
    case .unsafeWorker: isNamed && Set(found.lostVoters) == held && found.duplicated == 0
    case .deliveredTwice: isNamed && found.lost == 0 && found.duplicated == held?.count
    case .restoredBackup, .forgetfulRedis: isNamed && found.lost > 100 && found.duplicated == 0
    }
  }

  private func run(_ script: String, on stage: Stage) async throws {
    let kubeconfig = try #require(stage.log(of: "votebench").firstMatch(of: /KUBECONFIG=(\S+)/)?.1)
    let lines = "set -e\ncd \(stage.folder)\nexport KUBECONFIG=\(kubeconfig) HOME=\(stage.folder)\n\(script)"
    let shell = try stage.start("/bin/sh", ["-c", lines], name: "script")
    let ending = try await shell.wait(within: .seconds(60))
    guard ending == .exited(0) else { throw StageError("the script: \(ending): \(stage.log(of: "script"))") }
  }

  /// Kills the worker while it waits between its two steps; the voters whose votes it had in hand.
  ///
  /// It is stopped first: what it says last is then what it holds, however late its log is read. Between the first step
  /// and the word of it, it may hold votes unsaid: then it goes on, and is stopped again.
  private func killPausingWorker(_ votebench: Votebench) async throws -> Set<String> {
    let stage = votebench.stage
    for attempt in 1...40 {
      let lines = try await log(of: "worker", votebench, name: "logs-\(attempt)")
      guard lines.contains(where: { $0.contains("went on") }),
        let worker = votebench.processes(running: "votingd worker").first
      else {
        try await Task.sleep(for: .milliseconds(250))
        continue
      }
      guard kill(worker, SIGSTOP) == 0 else { continue }
      let last = try await log(of: "worker", votebench, name: "stopped-\(attempt)").last ?? ""
      guard let voters = last.split(separator: " not yet ").dropFirst().first?.split(separator: ": ").last else {
        kill(worker, SIGCONT)
        continue
      }
      kill(worker, SIGKILL)
      return Set(voters.split(separator: " ").map(String.init))
    }
    throw StageError("the worker was never found with votes in hand: \(stage.log(of: "votebench"))")
  }

  private func log(of deployment: String, _ votebench: Votebench, name: String) async throws -> [Substring] {
    let kubeconfig = try #require(votebench.stage.log(of: "votebench").firstMatch(of: /KUBECONFIG=(\S+)/)?.1)
    let arguments = ["--kubeconfig", String(kubeconfig), "logs", "deployment/\(deployment)"]
    // Without a home, kubectl keeps its cache in the working folder.
    let environment = votebench.environment().merging(["HOME": votebench.stage.folder]) { $1 }
    let logs = try votebench.stage.start(
      Executables.system("kubectl"), arguments, environment: environment, name: name)
    _ = try await logs.wait(within: .seconds(20))
    return votebench.stage.log(of: name).split(separator: "\n")
  }
}
