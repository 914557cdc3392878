/// Which votes each pod of the changes answered, from baseline to recovered.
///
/// Answers name their pod. The pods of a StatefulSet give their names on; then an answer is that of the youngest pod of
/// its name that was there when it came.
package struct PodAnswers: Sendable {
  /// What one pod answered.
  package struct Answers: Sendable, Hashable {
    /// When its first answer had come.
    package fileprivate(set) var first: MonotonicTime
    /// When its last answer had come.
    package fileprivate(set) var last: MonotonicTime
    /// Votes that it answered.
    package fileprivate(set) var count = 0
    /// Those of them that were not accepted.
    package fileprivate(set) var failed = 0
  }

  private struct Bearer {
    var uid: String
    /// When it was first seen; nil for one that was there before.
    var created: MonotonicTime?
    var answers: Answers?
  }

  /// The pods that have had the name of each number, the eldest first.
  private let bearersByNumber: [[Int]]
  private var bearers: [Bearer] = []

  /// No answer yet; a vote's pod `n` has the name at `n - 1` of `names`.
  package init(_ rollouts: [RolloutRecord], names: [String]) {
    var placesByName: [String: [Int]] = [:]
    var known: Set<String> = []
    for pod in rollouts.flatMap(\.pods) where known.insert(pod.uid).inserted {
      placesByName[pod.name, default: []].append(bearers.count)
      bearers.append(Bearer(uid: pod.uid, created: pod.times[.created]?.latest))
    }
    let least = MonotonicTime(nanoseconds: .min)
    bearersByNumber = names.map { [bearers] name in
      (placesByName[name] ?? []).sorted { (bearers[$0].created ?? least) < (bearers[$1].created ?? least) }
    }
  }

  /// Takes one vote into account.
  package mutating func record(_ vote: Observation) {
    guard let place = place(of: vote) else { return }
    var answers = bearers[place].answers ?? Answers(first: vote.completed, last: vote.completed)
    answers.first = min(answers.first, vote.completed)
    answers.last = max(answers.last, vote.completed)
    answers.count += 1
    answers.failed += vote.outcome == .accepted ? 0 : 1
    bearers[place].answers = answers
  }

  /// What the pod with this identity answered, nil when nothing.
  package subscript(uid: String) -> Answers? {
    bearers.first { $0.uid == uid }?.answers
  }

  /// The identity of the pod that answered a vote; nil when the answer names none, or none of the changes' pods.
  package func uid(answering vote: Observation) -> String? {
    place(of: vote).map { bearers[$0].uid }
  }

  private func place(of vote: Observation) -> Int? {
    guard vote.pod > 0, Int(vote.pod) <= bearersByNumber.count else { return nil }
    let places = bearersByNumber[Int(vote.pod) - 1]
    guard places.count > 1 else { return places.first }
    return places.last { place in bearers[place].created.map { $0 <= vote.completed } ?? true } ?? places.first
  }
}
