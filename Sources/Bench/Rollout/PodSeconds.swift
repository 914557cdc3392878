/// How much of its pods a change took away, added and kept dying: pods times seconds, from its start to its end.
///
/// Unavailable: pods missing below the wanted number, of those that are ready and not marked for deletion.
/// Surge: pods above the wanted number, of those that exist and are not marked.
/// Terminating: pods that are marked and not gone.
///
/// Where the wanted number changes, unavailable counts below the smaller and surge above the larger of the two: a scale
/// that goes as it should has neither. A pod that stopped being ready counts as not ready from then on. Where a moment
/// is an interval, each figure is the most that it allows: bad news come at its beginning, good news at its end.
package struct PodSeconds: Sendable, Hashable {
  /// Ready pods below the wanted number.
  package private(set) var unavailable: Duration
  /// Pods above the wanted number.
  package private(set) var surge: Duration
  /// Pods on their way out.
  package private(set) var terminating: Duration
  /// The most pods that were there at a time, whatever state they were in.
  package private(set) var peak: Int

  private typealias Span = (start: MonotonicTime, end: MonotonicTime)

  /// The figures of `rollout`; nil while it goes on, and when nobody knows how many pods were wanted.
  ///
  /// The rollouts before it tell which of its old pods have never been ready; the others were when it began.
  package init?(_ rollout: RolloutRecord, after earlier: [RolloutRecord] = []) {
    let wanted = [rollout.wantedBefore, rollout.wantedAfter]
    guard let end = rollout.end, let least = wanted.min(), let most = wanted.max(), most > 0 else { return nil }
    let (whole, broken) = ((rollout.start, end), Self.neverReady(earlier))
    let ready = rollout.pods.compactMap { pod in
      Self.ready(pod, within: whole, wasReady: pod.isOld && !broken.contains(pod.uid))
    }
    unavailable = Self.integral(ready, within: whole) { max(0, least - $0) }
    surge = Self.integral(rollout.pods.map { Self.staying($0, within: whole) }, within: whole) { max(0, $0 - most) }
    terminating = Self.integral(rollout.pods.compactMap { Self.going($0, within: whole) }, within: whole) { $0 }
    var counts = [0]
    let present = rollout.pods.map { pod in
      (pod.times[.created]?.earliest ?? whole.0, pod.times[.gone]?.latest ?? whole.1)
    }
    _ = Self.integral(present, within: whole) { count in
      counts.append(count)
      return 0
    }
    peak = counts.max() ?? 0
  }

  /// Pods that were seen to come and were not ready in any of these changes.
  private static func neverReady(_ rollouts: [RolloutRecord]) -> Set<String> {
    let pods = rollouts.flatMap(\.pods)
    return Set(pods.filter { $0.times[.created] != nil }.map(\.uid))
      .subtracting(pods.filter { $0.times[.ready] != nil }.map(\.uid))
  }

  private static func ready(_ pod: RolloutRecord.Pod, within whole: Span, wasReady: Bool) -> Span? {
    guard let start = pod.times[.ready]?.latest ?? (wasReady ? whole.start : nil) else { return nil }
    let ends = [PodMilestone.unready, .marked, .gone].compactMap { pod.times[$0]?.earliest }
    return (start, ends.min() ?? whole.end)
  }

  private static func staying(_ pod: RolloutRecord.Pod, within whole: Span) -> Span {
    (
      pod.times[.created]?.earliest ?? whole.start,
      pod.times[.marked]?.latest ?? pod.times[.gone]?.latest ?? whole.end
    )
  }

  private static func going(_ pod: RolloutRecord.Pod, within whole: Span) -> Span? {
    pod.times[.marked].map { ($0.earliest, pod.times[.gone]?.latest ?? whole.end) }
  }

  /// The integral of a function of how many spans there are at a time.
  private static func integral(_ spans: [Span], within whole: Span, of height: (Int) -> Int) -> Duration {
    let clipped = spans.map { (start: max($0.start, whole.start), end: min($0.end, whole.end)) }
      .filter { $0.start < $0.end }
    let steps = (clipped.map { ($0.start, 1) } + clipped.map { ($0.end, -1) }).sorted { $0.0 < $1.0 }
    var (sum, count, reached) = (Duration.zero, 0, whole.start)
    for (moment, change) in steps + [(whole.end, 0)] {
      sum += (moment - reached) * height(count)
      count += change
      reached = moment
    }
    return sum
  }
}
