/// What was judged, in metrics.prom: the votes' fate in the tally, the changes, the objectives, the generator.
extension MetricsText {
  var consistencyFamilies: [MetricFamily] {
    let consistency = report.material.consistency
    var verdict = MetricFamily(
      "votebench_consistency_verdict", help: "What the tally says of the votes: 1 for the verdict that holds.")
    verdict.add(state: "verdict", consistency.verdict)
    var findings = MetricFamily(
      "votebench_consistency_findings", help: "What the consistency check found, by its code; none is left out.")
    let codes = Dictionary(consistency.findings.map { ($0.code.rawValue, 1) }, uniquingKeysWith: +)
    for (code, count) in codes.sorted(by: { $0.key < $1.key }) { findings.add([("code", code)], count: count) }
    var lost = MetricFamily(
      "votebench_votes_lost",
      help: "Votes that were accepted and never counted: those that are proven (min), and all that cannot be excluded.")
    lost.add([("bound", "min")], count: seen(consistency.lostMinimum))
    lost.add([("bound", "max")], count: seen(consistency.lostMaximum))
    var duplicated = MetricFamily("votebench_votes_duplicated", help: "Votes that were counted more often than sent.")
    duplicated.add([], count: consistency.duplicated.flatMap(seen))
    var phantom = MetricFamily("votebench_votes_phantom", help: "Votes that were counted and never sent.")
    phantom.add([], count: seen(consistency.phantom))
    var altered = MetricFamily("votebench_votes_altered", help: "Votes that were counted for another choice.")
    altered.add([], count: consistency.altered.flatMap(seen))
    return [verdict, findings, lost, duplicated, phantom, altered] + freshnessFamilies
  }

  private func seen(_ count: Int) -> Int? {
    report.material.consistency.isSeen(count) ? count : nil
  }

  private var freshnessFamilies: [MetricFamily] {
    let freshness = report.material.consistency.freshness
    var age = MetricFamily(
      "votebench_freshness_seconds",
      help: "How old the oldest accepted vote was that a poll of the tally did not show yet, over the polls.")
    for (statistic, value) in [("p50", freshness?.p50), ("p99", freshness?.p99), ("max", freshness?.max)] {
      age.add([("statistic", statistic)], value.map { $0 / 1000 })
    }
    var polls = MetricFamily("votebench_freshness_polls", help: "Polls behind the freshness.")
    polls.add([], count: freshness?.count)
    return [age, polls]
  }

  // MARK: Changes

  var rolloutFamilies: [MetricFamily] {
    var outcome = MetricFamily("votebench_rollout_outcome", help: "How each change and its rollback ended; always 1.")
    var duration = MetricFamily(
      "votebench_rollout_duration_seconds", help: "How long each change took; one that did not end is left out.")
    var pods = MetricFamily(
      "votebench_rollout_pod_seconds",
      help: "Pods missing, added or on their way out, times seconds; left out where nobody knows how many were wanted.")
    for (place, rollout) in report.material.rollouts.enumerated() {
      let labels = [
        ("rollout", "\(place)"), ("change", rollout.isRollback ? "rollback" : "rollout"),
        ("workload", rollout.workload.description),
      ]
      outcome.add(labels + [("outcome", (rollout.outcome ?? .interrupted).rawValue)], 1)
      duration.add(labels, rollout.end.map { ($0 - rollout.start).seconds })
      let seconds = report.podSeconds(ofRolloutAt: place)
      pods.add(labels + [("state", "unavailable")], seconds?.unavailable.seconds)
      pods.add(labels + [("state", "surge")], seconds?.surge.seconds)
      pods.add(labels + [("state", "terminating")], seconds?.terminating.seconds)
    }
    return [outcome, duration, pods]
  }

  // MARK: Objectives

  var objectiveFamilies: [MetricFamily] {
    var objectives = MetricFamily(
      "votebench_objective_pass", help: "1 for an objective that passed, 0 for one that failed or is inconclusive.")
    var samples = MetricFamily(
      "votebench_objective_sample_size", help: "Votes, polls or rollouts behind the verdict on an objective.")
    var named: Set<String> = []
    // One that was asked for twice is one series.
    for result in report.objectives where named.insert(result.expression).inserted {
      let label = ("objective", result.expression)
      objectives.add([label, ("verdict", result.verdict.rawValue)], result.verdict == .pass ? 1 : 0)
      samples.add([label], count: result.sample)
    }
    return [objectives, samples, visibility] + budgetFamilies
  }

  private var visibility: MetricFamily {
    let visibility = report.visibility
    var family = MetricFamily(
      "votebench_visible_outage_seconds",
      help: "The shortest outage that the run could have seen with 95 %, by the share of votes that it hits.")
    var shares = [(1.0, visibility.ofAll)]
    if visibility.share != 1 { shares.append((visibility.share, visibility.ofShare)) }
    for (share, shortest) in shares {
      family.add(
        [("phase", visibility.part.rawValue), ("share", share == 1 ? "1" : decimal(share, 3))], shortest?.seconds)
    }
    return family
  }

  private var budgetFamilies: [MetricFamily] {
    let budget = report.budget
    let phase = [("phase", budget.part.rawValue)]
    var objective = MetricFamily(
      "votebench_error_budget_objective_ratio", help: "The share of votes that has to be accepted in the long run.")
    objective.add([], budget.plan.objective)
    var window = MetricFamily("votebench_error_budget_window_seconds", help: "The time for which the budget has to do.")
    window.add([], budget.plan.window.seconds)
    var spent = MetricFamily(
      "votebench_error_budget_spent_ratio", help: "The share of the error budget that the run's failed votes spent.")
    spent.add(phase, budget.spentShare)
    var burn = MetricFamily(
      "votebench_error_budget_burn_rate", help: "How many times as fast as the budget allows it was spent.")
    burn.add(phase, budget.burnRate)
    return [objective, window, spent, burn]
  }

  // MARK: The generator

  var generatorFamilies: [MetricFamily] {
    let figures = report.material.generator
    func gauge(_ name: String, _ value: Double?, _ help: String) -> MetricFamily {
      var family = MetricFamily("votebench_generator_" + name, help: help)
      family.add([], value)
      return family
    }
    var info = MetricFamily("votebench_generator_info", help: "How the generator sent votes; always 1.")
    if let figures {
      info.add([("lane", figures.lane), ("http", figures.http), ("threads", "\(figures.threads)")], 1)
    }
    let memory = report.material.peakMemoryMegabytes
    return [
      info,
      gauge(
        "keeps_schedule", report.keepsSchedule ? 1 : 0,
        "1 when the start lag's 99th percentile is at most 10 ms and no vote was dropped by the generator's own fault."),
      gauge(
        "votes_unsent", Double(report.total.droppedByGenerator), "Votes that the generator itself did not send in time."
      ),
      gauge("backlog_max_votes", figures.map { Double($0.backlogMaximum) }, "The longest that its own queue has been."),
      gauge("processor_seconds", figures?.processorTime.seconds, "Processor time of its threads."),
      gauge("peak_memory_bytes", memory > 0 ? memory * 1e6 : nil, "The most memory that it has had resident."),
      gauge(
        "stalls", figures.map { Double($0.stalls.count) },
        "Moments at which the machine let one of its threads wait for more than 10 ms."),
      gauge("stall_longest_seconds", figures?.stalls.longest.seconds, "The longest such wait, above 10 ms or not."),
    ] + controlFamilies
  }

  private var controlFamilies: [MetricFamily] {
    var probes = MetricFamily(
      "votebench_control_probes", help: "Probes of the control target, which the change does not touch, by result.")
    if let control = report.material.generator?.control {
      probes.add([("result", "success")], count: control.probes - control.failures.count)
      probes.add([("result", "failure")], count: control.failures.count)
    }
    return [probes]
  }
}
