/// Says of each ResourceQuota how much of it is used.
///
/// The refusal of pods does not wait for it: it counts them anew. (kubernetes/pkg/controller/resourcequota)
enum QuotaController {
  /// Decides the status of a quota; `pods` may hold those of other namespaces.
  static func sync(_ quota: JSON, pods: [JSON]) -> ControllerOutcome {
    var changed = quota
    let hard = (quota["spec", "hard"].object ?? [:]).filter { PodQuota.keeps($0.key) }
    changed["status"] = [
      "hard": .object(hard), "used": PodQuota(quota).used(by: pods.filter { $0.namespace == quota.namespace }),
    ]
    return ControllerOutcome(actions: changed == quota ? [] : [.replace(changed, .resourceQuotas)])
  }
}
