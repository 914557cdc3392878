package import FoundationEssentials

/// Says of each Job that the sandbox does not run it: as a condition, and in an Event.
///
/// The condition is the one of a suspended Job, which runs nothing either.
package enum JobController {
  /// What is said of it wherever it is written.
  package static let message = "the sandbox stores Jobs and does not run them"

  /// Decides the status of a Job.
  package static func sync(_ job: JSON, now: Date) -> ControllerOutcome {
    guard job["status", "conditions"].elements.isEmpty, !job.isTerminating else { return ControllerOutcome() }
    var changed = job
    changed.setCondition("Suspended", "True", reason: "NotRun", message, now: now)
    return ControllerOutcome(actions: [
      .replace(changed, .jobs),
      .event(EventRecord(job, reason: "NotRun", message: message, kind: .warning, component: "job-controller")),
    ])
  }
}
