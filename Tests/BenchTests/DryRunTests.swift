import Bench
import Testing

@Suite("Dry run")
struct DryRunTests {
  private static func profile(_ values: [Settings.Key: String]) throws -> RunProfile {
    var settings = Settings()
    for (key, text) in values { settings.set(key, Settings.Setting(text, place: "--\(key.rawValue)")) }
    return try RunProfile.validate(settings, freshSeed: 7).get()
  }

  private static func spelled(_ profile: RunProfile) -> [String] {
    let plan = PhasePlan(profile)
    return plan.phases.map { phase in
      let part = plan.parts[phase] ?? plan.total
      let votes = part.votes.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "?"
      return "\(phase) \(part.length.lowerBound.seconds)-\(part.length.upperBound.seconds) \(votes)"
    }
  }

  @Test("a load has its phases, and as many votes as fall due in them")
  func load() throws {
    let constant = try Self.profile([.rate: "500", .warmup: "2s", .duration: "3s"])
    #expect(Self.spelled(constant) == ["warmup 2.0-2.0 1000-1000", "baseline 3.0-3.0 1500-1500"])
    // A vote every two seconds: at 0, at 2, at 4.
    let slow = try Self.profile([.rate: "0.5", .warmup: "1s", .duration: "4s"])
    #expect(Self.spelled(slow) == ["warmup 1.0-1.0 1-1", "baseline 4.0-4.0 2-2"])
    let stages = try Self.profile([.stages: "2s@100,2s@100..300"])
    #expect(Self.spelled(stages) == ["warmup 0.0-0.0 0-0", "baseline 4.0-4.0 600-600"])
    let closed = try Self.profile([.closed: "8"])
    #expect(Self.spelled(closed) == ["warmup 10.0-10.0 ?", "baseline 30.0-30.0 ?"])
    let random = try Self.profile([.rate: "50", .arrival: "poisson", .warmup: "1s"])
    #expect(Self.spelled(random) == ["warmup 1.0-1.0 50-50", "baseline 30.0-30.0 1500-1500"])
  }

  @Test("a change takes from no time to all that it may; the phases around it have the same votes either way")
  func rollout() throws {
    let profile = try Self.profile([.rate: "100", .duringRollout: "true", .rolloutTimeout: "60s", .settle: "5s"])
    let wanted = [
      "warmup 10.0-10.0 1000-1000", "baseline 30.0-30.0 3000-3000", "rollout 0.0-60.0 0-6000",
      "settle 5.0-5.0 500-500", "rollback 0.0-60.0 0-6000", "recovered 20.0-20.0 2000-2000",
    ]
    #expect(Self.spelled(profile) == wanted)
    let total = PhasePlan(profile).total
    #expect(total.length == .seconds(65)...(.seconds(185)))
    #expect(total.votes == 6500...18500)
    let stays = try Self.profile([.duringRollout: "true", .rollback: "false"])
    #expect(PhasePlan(stays).phases == [.warmup, .baseline, .rollout, .settle])
  }

  @Test(
    "the text has the cluster, every phase, every command with its moment, the objectives, and that nothing was done")
  func text() throws {
    let profile = try Self.profile([
      .target: "https://oggy.local:8443", .rate: "500", .duringRollout: "true", .image: "v2", .warmup: "1500ms",
    ])
    let text = DryRunText(
      profile, cluster: ["context kind (https://127.0.0.1:6443), namespace oggy: deployment/d, 4 pods of v1"],
      commands: [
        DryRunText.Command(.rollout, "kubectl set image deployment/d c=v2"),
        DryRunText.Command(.rollback, "kubectl rollout undo deployment/d"),
      ], watches: ["pods"], report: ["Reports/runs/x: summary.json"]
    ).text
    #expect(
      text == """
        target     https://oggy.local:8443: votes to /vote, the tally from json:/result
        cluster    context kind (https://127.0.0.1:6443), namespace oggy: deployment/d, 4 pods of v1
        load       500/s votes due, evenly spaced
                   64 connections of HTTP/1.1, 1 thread; a vote may wait 10 s and take as long again
        phases     warmup     1.5 s              750 votes, not counted
                   baseline   30 s               15000 votes
                   rollout    0 s to 120 s       0 to 60000 votes
                   settle     10 s               5000 votes
                   rollback   0 s to 120 s       0 to 60000 votes
                   recovered  20 s               10000 votes
                   drain      at most 600 s      none; the tally converges
                   in all     61.5 s to 301.5 s  30750 to 150750 votes before the drain
        tally      a poll every 0.5 s: 123 to 603, and on until the drain is over
        commands   rollout    kubectl set image deployment/d c=v2
                   rollback   kubectl rollout undo deployment/d
        watches    pods
        objectives votes.lost == 0              can be decided
                   votes.altered == 0           can be decided
                   change: error-rate == 0      can be decided: an outage of 100 ms or more that hits a third of the votes would be seen
                   rollout.outcome == complete  can be decided
        visible    500/s could see an outage of 2.0 ms of all votes, or 16 ms of 33% of them (95 %)
        budget     99.9%/30d
        report     Reports/runs/x: summary.json
        dry run    nothing was changed: no vote was sent, and none of these commands was run

        """)
  }
}
