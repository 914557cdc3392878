import Bench
import Testing

@testable import Kubernetes

/// Whatever was there, and whatever we did: what is put back is exactly what was there, and others' fields stay.
@Suite("Restoring random workloads")
struct RestorePropertyTests {
  private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state ^ (state >> 31)) &* 0x9E37_79B9_7F4A_7C15
    }
    mutating func word() -> String {
      let letters = ["a", "B", "/", "~", "~1", ".", "'", "\"", "-", "é", " ", "=", "0", "\\"]
      return "k"
        + (0..<Int.random(in: 0...3, using: &self)).map { _ in letters.randomElement(using: &self) ?? "" }.joined()
    }
    mutating func value(_ depth: Int = 2) -> JSONValue {
      switch Int.random(in: 0...(depth > 0 ? 5 : 3), using: &self) {
      case 0: .int(.random(in: -3...3, using: &self))
      case 1: .bool(.random(using: &self))
      case 2, 3: .string(word())
      case 4: .array((0..<Int.random(in: 0...2, using: &self)).map { _ in value(depth - 1) })
      default: map { $0.value(depth - 1) }
      }
    }
    mutating func map(_ value: (inout Random) -> JSONValue) -> JSONValue {
      .object(
        Dictionary((0..<Int.random(in: 0...3, using: &self)).map { _ in (word(), value(&self)) }) { first, _ in first })
    }
    mutating func texts() -> JSONValue { map { .string($0.word()) } }
  }

  /// A workload with random annotations, and random fields around those that are changed.
  private func workload(_ kind: Workload.Kind, _ random: inout Random) throws -> WorkloadSnapshot {
    var edits: [String: JSONValue?] = ["/metadata/annotations": random.texts(), "/metadata/labels": random.texts()]
    if Bool.random(using: &random) { edits["/spec/template/metadata/annotations"] = random.texts() }
    if Bool.random(using: &random) { edits["/spec/minReadySeconds"] = .int(7) }
    if Bool.random(using: &random) { edits["/spec/template/spec/containers/1/env"] = .some(nil) }
    for key in ["volumes", "securityContext", "x"] { edits["/spec/template/spec/\(key)"] = random.value() }
    return try RestoreFixtures.snapshot(kind, edits)
  }

  private func triggers(_ random: inout Random) -> [RolloutChange.Trigger] {
    let all: [RolloutChange.Trigger] = [
      .image("i:2"), .restart, .setEnv(["A=2", "-n=", "B-"]), .scale(Int.random(in: 0...9, using: &random)), .deletePod,
      .command("anything"),
    ]
    return all.filter { _ in Bool.random(using: &random) }
  }

  /// What the server has after a field was changed.
  private func write(_ field: ChangedField, _ object: inout JSONValue, _ random: inout Random) {
    guard field.any else {
      object[field.path] = field.value
      return
    }
    guard let members = object[field.path]?.members else {
      if field.path.keys.last == "kubectl.kubernetes.io/restartedAt" { object[field.path] = .string(random.word()) }
      return
    }
    // A command of the user's own changes, adds and takes away.
    let typed = ["selector", "template", "replicas", "strategy", "updateStrategy", "minReadySeconds"]
    for key in members.keys.sorted() + [random.word()] where !typed.contains(key) && Bool.random(using: &random) {
      object[field.path + key] = Bool.random(using: &random) ? .string(random.word()) : nil
    }
    guard field.path == ["spec"] else { return }
    object[["spec", "template", "spec", "x"]] = random.value()
    object[["spec", Bool.random(using: &random) ? "minReadySeconds" : "strategy"]] = nil
  }

  @Test("the plan restores exactly", arguments: 0..<300)
  func exact(seed: UInt64) throws {
    var random = Random(state: seed)
    let kind: Workload.Kind = Bool.random(using: &random) ? .deployment : .statefulSet
    let before = try workload(kind, &random)
    var fields: [ChangedField] = []
    for trigger in triggers(&random) {
      let change = RolloutChange(workload: before.workload, container: "c", trigger: trigger)
      fields += try ChangedField.fields(of: change, before: before)
    }
    let strategy = StrategyChange(maxUnavailable: .pods(2), minReadySeconds: Int.random(in: 0...1, using: &random))
    if Bool.random(using: &random) { fields += ChangedField.fields(of: strategy, kind: kind) }

    var object = before.object
    object[["metadata", "generation"]] = .int(8)
    for field in fields { write(field, &object, &random) }
    // Somebody else's, in a place that only a command of the user's own is taken to have changed.
    let isAnywhere = fields.contains { $0.any && $0.path == ["spec"] }
    let theirs: FieldPath = ["metadata", "annotations", "someone.else/note"]
    if !isAnywhere { object[theirs] = .string("mine") }
    let now = try WorkloadSnapshot(json: object.line)

    let plan = RestorePlan(before, now: now, changed: fields)
    let after = try RestoreFixtures.apply(plan.restore, to: now)
    var expected = before.written
    if !isAnywhere { expected[theirs] = .string("mine") }
    #expect(after.written.differences(to: expected).isEmpty, "seed \(seed)")
    #expect(plan.contested.isEmpty, "seed \(seed): \(plan.contested)")
    #expect(RestorePlan(before, now: after, changed: fields).isRestored, "seed \(seed)")
    #expect(RestorePlan(before, now: after, changed: fields).rollback == nil, "seed \(seed)")
  }
}
