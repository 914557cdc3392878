/// What a ResourceQuota lets the pods of its namespace have together, and the refusal of one more.
///
/// Amounts are in thousandths. Pods that are over take nothing but their place among `count/pods`.
/// (kubernetes/pkg/quota/v1/evaluator/core/pods.go)
struct PodQuota {
  private let name: String
  private let hard: [String: Int]

  /// The names of limits that are kept; the others only count.
  private static let computed: [String: (kind: String, resource: String)] = [
    "cpu": ("requests", "cpu"), "memory": ("requests", "memory"), "requests.cpu": ("requests", "cpu"),
    "requests.memory": ("requests", "memory"), "limits.cpu": ("limits", "cpu"), "limits.memory": ("limits", "memory"),
  ]

  /// Whether such a limit is kept here.
  static func keeps(_ resource: String) -> Bool {
    computed[resource] != nil || ["pods", "count/pods"].contains(resource)
  }

  /// Reads a quota as stored; what is not kept here is left out.
  init(_ quota: JSON) {
    name = quota.name
    hard = (quota["spec", "hard"].object ?? [:]).filter { Self.keeps($0.key) }.mapValues(Quantity.milli)
  }

  /// What pods use, of each limit, as `status.used` has it.
  func used(by pods: [JSON]) -> JSON { texts(usage(of: pods)) }

  private func usage(of pods: [JSON]) -> [String: Int] {
    let active = pods.filter { !$0.isOver }
    return [String: Int](
      hard.keys.map { resource in
        if let computed = Self.computed[resource] {
          return (resource, active.map { PodRequests.milli(computed.kind, computed.resource, of: $0) }.reduce(0, +))
        }
        return (resource, 1_000 * (resource == "pods" ? active : pods).count)
      }, uniquingKeysWith: { $1 })
  }

  private func texts(_ amounts: [String: Int]) -> JSON {
    .object(
      [String: JSON](
        amounts.map { resource, milli in
          let isMemory = Self.computed[resource]?.resource == "memory"
          return (resource, .string(Quantity.text(milli: milli, isBinary: isMemory)))
        }, uniquingKeysWith: { $1 }))
  }

  /// Throws `forbidden`, in a real server's words, if a pod would be more than is let, or does not say how much it is.
  func admit(_ pod: JSON, beside pods: [JSON]) throws(APIStatus) {
    if let missing = missing(in: pod) { throw refusal(pod, "failed quota: \(name): must specify \(missing)") }
    let (used, requested) = (usage(of: pods), usage(of: [pod]))
    let exceeded = hard.filter { limit in
      let more = requested[limit.key] ?? 0
      return more > 0 && (used[limit.key] ?? 0) + more > limit.value
    }
    guard !exceeded.isEmpty else { return }
    func list(_ amounts: [String: Int]) -> String {
      texts(amounts.filter { exceeded[$0.key] != nil }).strings.sorted { $0.key < $1.key }
        .map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }
    throw refusal(
      pod, "exceeded quota: \(name), requested: \(list(requested)), used: \(list(used)), limited: \(list(hard))")
  }

  private func missing(in pod: JSON) -> String? {
    let lacking = hard.keys.sorted().compactMap { resource -> String? in
      guard let computed = Self.computed[resource] else { return nil }
      let silent = pod["spec", "containers"].elements.filter {
        PodRequests.amount(computed.kind, computed.resource, of: $0).isNull
      }
      let names = silent.compactMap { $0["name"].string }.sorted().joined(separator: ",")
      return silent.isEmpty ? nil : "\(resource) for: \(names)"
    }
    return lacking.isEmpty ? nil : lacking.joined(separator: "; ")
  }

  private func refusal(_ pod: JSON, _ why: String) -> APIStatus {
    APIStatus(
      .forbidden, "pods \"\(pod.name)\" is forbidden: \(why)", details: ["name": .string(pod.name), "kind": "pods"])
  }
}
