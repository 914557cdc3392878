package import FoundationEssentials

/// Says of each HorizontalPodAutoscaler that it does not scale, as a cluster without a metrics server says it.
///
/// (kubernetes/pkg/controller/podautoscaler)
package enum AutoscalerController {
  /// Decides the status of an autoscaler; `workloads` are those that it may be about, and others.
  package static func sync(_ autoscaler: JSON, workloads: [JSON], now: Date) -> ControllerOutcome {
    let target = autoscaler["spec", "scaleTargetRef"]
    let found = workloads.first {
      $0.namespace == autoscaler.namespace && $0["kind"] == target["kind"] && $0.name == target["name"].string
    }
    var changed = autoscaler
    changed["status", "desiredReplicas"] = .int(autoscaler.count("desiredReplicas"))
    if let found {
      changed["status", "currentReplicas"] = .int(found.count("replicas"))
      changed.setCondition(
        "AbleToScale", "True", reason: "SucceededGetScale",
        "the HPA controller was able to get the target's current scale", now: now)
      let resource = autoscaler["spec", "metrics"][0]["resource", "name"].string ?? "cpu"
      changed.setCondition("ScalingActive", "False", reason: failure, noMetrics(resource), now: now)
    } else {
      let (kind, name) = (target["kind"].string ?? "", target["name"].string ?? "")
      changed.setCondition(
        "AbleToScale", "False", reason: "FailedGetScale",
        "the HPA controller was unable to get the target's current scale: \(kind) \"\(name)\" not found", now: now)
    }
    guard changed != autoscaler else { return ControllerOutcome() }
    return ControllerOutcome(
      actions: [.replace(changed, .horizontalPodAutoscalers)] + events(changed, before: autoscaler))
  }

  private static let failure = "FailedGetResourceMetric"

  private static func noMetrics(_ resource: String) -> String {
    "the HPA was unable to compute the replica count: failed to get \(resource) utilization: unable to get metrics "
      + "for resource \(resource): unable to fetch metrics from resource metrics API: the server could not find the "
      + "requested resource (get pods.metrics.k8s.io)"
  }

  // Once, and not every 15 seconds as a real cluster says it.
  private static func events(_ autoscaler: JSON, before: JSON) -> [ControllerAction] {
    func condition(_ object: JSON) -> JSON { object["status", "conditions"][where: "type", is: "ScalingActive"] }
    guard condition(before).isNull, let message = condition(autoscaler)["message"].string else { return [] }
    return [
      .event(
        EventRecord(
          autoscaler, reason: failure, message: message, kind: .warning, component: "horizontal-pod-autoscaler"))
    ]
  }
}
