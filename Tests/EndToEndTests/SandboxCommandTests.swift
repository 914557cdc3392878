import Glibc
import TestSupport
import Testing

/// `votebench sandbox` as a new user meets it, and the manifests in it.
@Suite("The sandbox on the command line", .serialized)
struct SandboxCommandTests {
  @Test("up prints where it is and three commands to try, and each of them works")
  func guide() async throws {
    try await withSandboxUp { votebench, up in
      #expect(up.commands.count == 3)
      for command in up.commands {
        let run = try await up.shell(command, on: votebench.stage)
        #expect(run.ending == .exited(0), "\(command): \(run.output)")
      }
      let status = try await votebench.run(["sandbox", "status"])
      #expect(status.output.contains(up.url))
    }
  }

  @Test("it survives the shell that started it, and the hang-up of its terminal")
  func survives() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      // The shell leads a session of its own, as a terminal's does, and is killed with all that is in its group.
      let line = "\(try Votebench.path()) sandbox up && kill -HUP 0; sleep 60"
      let shell = try stage.start(
        "/usr/bin/setsid", ["/bin/sh", "-c", line], environment: votebench.environment(), name: "up")
      let ending = try await shell.wait(within: .seconds(60))
      let up = try SandboxUp(stage.log(of: "up"))
      #expect(ending == .signaled(SIGHUP))
      let vote = try await up.shell(try #require(up.commands.last), on: stage)
      #expect(vote.ending == .exited(0), "\(vote.output)")
      #expect(try await votebench.run(["sandbox", "down"]).status == 0)
      #expect(votebench.processes().isEmpty)
    }
  }

  @Test("two sandboxes live side by side: a vote in one is not in the other")
  func sideBySide() async throws {
    try await withSandboxUp { votebench, first in
      let log = try await votebench.run(["sandbox", "up"], within: .seconds(60)).output
      let second = try SandboxUp(String(log.dropFirst(first.printed.count)))
      #expect(first.url != second.url)
      let vote = try await first.shell(try #require(first.commands.last), on: votebench.stage)
      #expect(vote.ending == .exited(0), "\(vote.output)")
      try await waitUntil("the vote is counted", within: .seconds(20)) {
        try await tally(first, votebench.stage).contains("\"total\":1")
      }
      #expect(try await tally(second, votebench.stage).contains("\"total\":0"))
      let status = try await votebench.run(["sandbox", "status"])
      #expect(status.output.contains(first.url))
      #expect(status.output.contains(second.url))
    }
  }

  @Test("delete -f of the manifests takes everything away, and apply -f with strict validation brings it back")
  func manifests() async throws {
    try await withSandboxUp { votebench, up in
      let stage = votebench.stage
      let folder = Executables.projectFile("Profiles/manifests")
      let secret = try await up.shell("kubectl get secret oggy-tls -o yaml > \(stage.folder)/tls.yaml", on: stage)
      #expect(secret.ending == .exited(0), "\(secret.output)")
      let deletion = try await up.shell("kubectl delete -f \(folder) --timeout=60s", on: stage)
      #expect(deletion.ending == .exited(0), "\(deletion.output)")
      let gone = try await up.shell("kubectl get all,pvc,ingress,configmap,secret -n oggy", on: stage)
      #expect(gone.output.contains("No resources found"), "\(gone.output)")

      let apply = try await up.shell("kubectl apply --validate=strict -f \(folder)", on: stage)
      #expect(apply.ending == .exited(0), "\(apply.output)")
      let restore = try await up.shell(
        "sed -i -e /uid:/d -e /resourceVersion:/d \(stage.folder)/tls.yaml && kubectl apply -f \(stage.folder)/tls.yaml",
        on: stage)
      #expect(restore.ending == .exited(0), "\(restore.output)")
      for workload in ["deployment/redis", "statefulset/db", "deployment/worker", "deployment/voting-app"] {
        let status = try await up.shell("kubectl -n oggy rollout status \(workload) --timeout=60s", on: stage)
        #expect(status.ending == .exited(0), "\(status.output)")
      }
      try await waitUntil("a vote is accepted again", within: .seconds(20)) {
        try await up.shell("\(up.commands.last ?? "") -f", on: stage).ending == .exited(0)
      }
      try await waitUntil("the vote is counted", within: .seconds(20)) {
        try await tally(up, stage).contains("\"total\":1")
      }
    }
  }

  private func tally(_ up: SandboxUp, _ stage: Stage) async throws -> String {
    let curl = try #require(up.commands.last).split(separator: " ").prefix { $0 != "-b" }.joined(separator: " ")
    return try await up.shell("\(curl) -s -H 'Accept: application/json' \(up.url)/result", on: stage).output
  }
}
