import Bench
import FoundationEssentials
import Testing

private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64((seconds * 1e9).rounded())) }

/// A pod of a change, with its milestones in seconds; an interval where there are two.
private func pod(_ name: String, uid: String? = nil, old: Bool = false, _ times: [PodMilestone: [Double]])
  -> RolloutRecord.Pod
{
  var pod = RolloutRecord.Pod(name: name, uid: uid ?? name, isOld: old, image: "")
  for (milestone, seconds) in times {
    pod.times[milestone] = Moment(after: at(seconds[0]), until: at(seconds.last ?? 0))
  }
  return pod
}

private func rollout(
  from start: Double = 0, to end: Double? = 10, wanted: (Int, Int) = (2, 2), _ pods: [RolloutRecord.Pod]
) -> RolloutRecord {
  var record = RolloutRecord(trigger: "", workload: Workload(.deployment, "app"), start: at(start))
  record.end = end.map(at)
  (record.wantedBefore, record.wantedAfter) = wanted
  record.pods = pods
  return record
}

@Suite("Pod-seconds")
struct PodSecondsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var wanted = (2, 2)
    var pods: [RolloutRecord.Pod]
    /// Unavailable, surge, terminating.
    var expected: [Double]
  }

  private static let cases = [
    Case(
      testDescription: "nothing happens", pods: [pod("a", old: true, [:]), pod("b", old: true, [:])],
      expected: [0, 0, 0]),
    Case(
      testDescription: "the new one first: a surge from its creation to the mark of the old one",
      pods: [
        pod("a", old: true, [.marked: [4], .unready: [4.5], .gone: [6]]), pod("b", old: true, [:]),
        pod("c", [.created: [1], .ready: [3]]),
      ], expected: [0, 3, 2]),
    Case(
      testDescription: "the old one first: unavailable from its mark until the new one is ready",
      pods: [
        pod("a", old: true, [.marked: [1], .gone: [2]]), pod("b", old: true, [:]),
        pod("c", [.created: [1], .ready: [5]]),
      ], expected: [4, 0, 1]),
    Case(
      testDescription: "a ready pod fails by itself and stays",
      pods: [pod("a", old: true, [.unready: [7]]), pod("b", old: true, [:])], expected: [3, 0, 0]),
    Case(
      testDescription: "a pod that was there becomes ready later",
      pods: [
        pod("a", old: true, [.ready: [2]]), pod("b", old: true, [:]),
      ], expected: [2, 0, 0]),
    Case(
      testDescription: "a new pod that is never ready is a surge to the end",
      pods: [pod("a", old: true, [:]), pod("b", old: true, [:]), pod("c", [.created: [4]])], expected: [0, 6, 0]),
    Case(
      testDescription: "scaled up: neither below the two of before nor above the three of after",
      wanted: (2, 3),
      pods: [pod("a", old: true, [:]), pod("b", old: true, [:]), pod("c", [.created: [1], .ready: [8]])],
      expected: [0, 0, 0]),
    Case(
      testDescription: "scaled down: neither, and one terminates", wanted: (2, 1),
      pods: [pod("a", old: true, [:]), pod("b", old: true, [.marked: [1], .gone: [2.5]])], expected: [0, 0, 1.5]),
    Case(
      testDescription: "within a gap each figure is the most that is possible",
      pods: [
        pod("a", old: true, [.marked: [2, 5], .gone: [2, 5]]), pod("b", old: true, [:]),
        pod("c", [.created: [2, 5], .ready: [2, 5]]),
      ], expected: [3, 3, 3]),
    Case(
      testDescription: "what was before the start and after the end does not count",
      pods: [
        pod("a", old: true, [.marked: [-5], .gone: [1]]), pod("b", old: true, [.marked: [9]]),
        pod("c", [.created: [-2], .ready: [-1]]),
      ], expected: [1, 0, 2]),
  ]

  @Test("are the areas between the pods and the wanted number", arguments: cases)
  func areas(example: Case) throws {
    let figures = try #require(PodSeconds(rollout(wanted: example.wanted, example.pods)))
    #expect([figures.unavailable, figures.surge, figures.terminating].map(\.seconds) == example.expected)
  }

  @Test("an old pod that was never ready in the rollout before is not ready in its rollback")
  func neverReady() throws {
    let failed = rollout([pod("a", old: true, [.marked: [1]]), pod("b", old: true, [:]), pod("c", [.created: [1]])])
    let undo = rollout(
      from: 10, to: 20,
      [
        pod("c", old: true, [.marked: [14], .gone: [15]]), pod("b", old: true, [:]),
        pod("d", [.created: [11], .ready: [14]]),
      ])
    #expect(try #require(PodSeconds(undo, after: [failed])).unavailable == .seconds(4))
    #expect(try #require(PodSeconds(undo)).unavailable == .zero)
    var ready = failed
    ready.pods[2].times[.ready] = Moment(at(3))
    #expect(try #require(PodSeconds(undo, after: [ready])).unavailable == .zero)
  }

  @Test("are not known while the change goes on, and when nobody knows how many pods are wanted")
  func unknown() {
    #expect(PodSeconds(rollout(to: nil, [])) == nil)
    #expect(PodSeconds(rollout(wanted: (0, 0), [])) == nil)
    #expect(PodSeconds(rollout(wanted: (0, 3), [])) != nil)
  }

  @Test("are what counting pods at every millisecond gives", arguments: UInt64(1)...40)
  func bruteForce(seed: UInt64) throws {
    var random = Random(state: seed)
    let pods = (0..<random.below(8)).map { number in
      let isOld = random.below(2) == 0
      var times: [PodMilestone: [Double]] = [:]
      for milestone in [PodMilestone.created, .ready, .unready, .marked, .gone] where random.below(3) > 0 {
        let start = Double(random.below(2400)) / 1000 - 0.2
        times[milestone] = [start, start + Double(random.below(2) * random.below(500)) / 1000]
      }
      return pod("\(number)", old: isOld, times)
    }
    let wanted = (random.below(4), 1 + random.below(4))
    let figures = try #require(PodSeconds(rollout(to: 2, wanted: wanted, pods)))
    var sums = (unavailable: 0, surge: 0, terminating: 0)
    for millisecond in 0..<2000 {
      // The middle of the millisecond: all moments are whole ones.
      let now = at(Double(millisecond) / 1000 + 0.0005)
      func passed(_ pod: RolloutRecord.Pod, _ milestone: PodMilestone, _ side: KeyPath<Moment, MonotonicTime>) -> Bool {
        pod.times[milestone].map { $0[keyPath: side] <= now } ?? false
      }
      let ready = pods.count { pod in
        (passed(pod, .ready, \.latest) || (pod.isOld && pod.times[.ready] == nil))
          && ![PodMilestone.unready, .marked, .gone].contains { passed(pod, $0, \.earliest) }
      }
      let staying = pods.count { pod in
        (passed(pod, .created, \.earliest) || pod.times[.created] == nil)
          && !passed(pod, pod.times[.marked] == nil ? .gone : .marked, \.latest)
      }
      sums.unavailable += max(0, min(wanted.0, wanted.1) - ready)
      sums.surge += max(0, staying - max(wanted.0, wanted.1))
      sums.terminating += pods.count { passed($0, .marked, \.earliest) && !passed($0, .gone, \.latest) }
    }
    #expect(figures.unavailable == .milliseconds(sums.unavailable), "seed \(seed)")
    #expect(figures.surge == .milliseconds(sums.surge), "seed \(seed)")
    #expect(figures.terminating == .milliseconds(sums.terminating), "seed \(seed)")
  }
}

@Suite("Votes and pods")
struct FailureTiesTests {
  /// A vote that failed, sent at `sent` seconds.
  private static func vote(
    _ sent: Double, to end: Double? = nil, _ cause: Cause = .status(502), pod: UInt8 = 0,
    outcome: Outcome = .indeterminate
  ) -> Observation {
    Observation(
      index: 0, intended: at(sent), actual: at(outcome == .dropped ? end ?? sent : sent),
      completed: at(end ?? sent + 0.01),
      startLag: 0, outcome: outcome, cause: cause, pod: pod)
  }

  private static let names = ["old", "new", "stranger"]
  /// From 10 s: `old` goes from 11 to 14 s, `new` comes from 10.5 until it answers a vote at 12.5 s.
  private static let change = rollout(
    from: 10, to: 14,
    [
      pod("old", old: true, [.marked: [11], .gone: [14]]),
      pod("new", [.created: [10.5], .ready: [12], .endpointReady: [12.1]]),
    ])

  private static func ties(_ votes: [Observation], _ rollouts: [RolloutRecord] = [change]) -> FailureTies {
    var answers = PodAnswers(rollouts, names: names)
    answers.record(vote(12.49, to: 12.5, .none, pod: 2, outcome: .accepted))
    return FailureTies(votes, rollouts: rollouts, answers: answers, names: names)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var vote: Observation
    /// Nil where the vote is tied to nothing.
    var going: [String]?
    var coming: [String] = []
    var answeredBy: String?
  }

  private static let cases = [
    Case(testDescription: "before any pod changed", vote: vote(10.4)),
    Case(testDescription: "while a pod came", vote: vote(10.6), going: [], coming: ["new"]),
    Case(testDescription: "while both changed", vote: vote(12.4), going: ["old"], coming: ["new"]),
    Case(testDescription: "after the new one's first answer", vote: vote(12.6), going: ["old"]),
    Case(testDescription: "the old one is gone, and the ingress may not know", vote: vote(16.05), going: ["old"]),
    Case(testDescription: "by now it knows", vote: vote(16.2)),
    Case(testDescription: "in hand when the pod was marked", vote: vote(9, to: 11.01), going: ["old"], coming: ["new"]),
    Case(testDescription: "hung: what changed long after it was sent had no part", vote: vote(8, to: 18, .curl(28))),
    Case(
      testDescription: "hung: the new one came, and the old one was not marked yet",
      vote: vote(10.7, to: 20.7, .curl(28)),
      going: [], coming: ["new"]),
    Case(
      testDescription: "hung: the mark was seen a moment later", vote: vote(10.8, to: 20.8, .curl(28)), going: ["old"],
      coming: ["new"]),
    Case(
      testDescription: "failed, and the mark was seen a moment later", vote: vote(10.8), going: ["old"], coming: ["new"]
    ),
    Case(testDescription: "the ingress gave up on it", vote: vote(8, to: 38, .status(504))),
    Case(
      testDescription: "never sent: its due moment counts",
      vote: vote(10.9, to: 20.9, .noConnectionFree, outcome: .dropped),
      going: ["old"], coming: ["new"]),
    Case(
      testDescription: "never sent, and due long before", vote: vote(5, to: 15, .noConnectionFree, outcome: .dropped)),
    Case(
      testDescription: "answered by the pod that goes", vote: vote(13, .status(500), pod: 1), going: ["old"],
      answeredBy: "old"),
    Case(
      testDescription: "answered by the pod that the change made, long after", vote: vote(100, .status(500), pod: 2),
      going: [], answeredBy: "new"),
    Case(testDescription: "answered by an old pod while none changed", vote: vote(9, .status(500), pod: 1)),
    Case(testDescription: "answered by a pod of which nothing is known", vote: vote(9, .status(500), pod: 3)),
    Case(
      testDescription: "answered by a pod of which nothing is known, in the change",
      vote: vote(13, .status(500), pod: 3),
      going: ["old"], answeredBy: "stranger"),
  ]

  @Test("a failed vote is tied to the pods that were changing while it was under way", arguments: cases)
  func ties(example: Case) throws {
    let ties = Self.ties([example.vote])
    #expect(ties.failed == 1)
    #expect(ties.untied == (example.going == nil ? 1 : 0))
    let group = ties.groups[0].first
    #expect(group?.going == example.going)
    #expect(group?.coming ?? [] == example.coming)
    #expect(group?.answeredBy == example.answeredBy)
    #expect(group?.cause == (example.going == nil ? nil : example.vote.cause))
  }

  @Test("without an EndpointSlice a coming pod is changing until its readiness has surely been heard")
  func withoutEndpoints() {
    let alone = rollout(from: 10, to: 14, [pod("late", [.created: [10.5], .ready: [12, 13]])])
    let ties = Self.ties([Self.vote(15.05), Self.vote(15.2)], [alone])
    #expect(ties.groups[0].map(\.count) == [1])
    #expect(ties.untied == 1)
  }

  @Test("a vote belongs to the last change that had begun when it was sent, of those whose pods were changing")
  func severalChanges() {
    let next = rollout(from: 15, to: 18, [pod("other", old: true, [.marked: [15.5], .gone: [17]])])
    let ties = Self.ties([Self.vote(14.5), Self.vote(15.2), Self.vote(15.8), Self.vote(17)], [Self.change, next])
    #expect(ties.groups[0].map(\.going) == [["old"]])
    #expect(ties.groups[0].map(\.count) == [2])
    #expect(Set(ties.groups[1].map(\.going)) == [["old", "other"], ["other"]])
    #expect(ties.untied == 0)
  }

  @Test("equal votes are one group with their first and last due moment, the largest first")
  func groups() throws {
    let votes =
      [12.6, 13, 12.8].map { Self.vote($0) }
      + [12.7, 12.9, 13.1, 13.2].map { Self.vote($0, to: $0 + 10, .curl(28)) } + [Self.vote(1)]
    let ties = Self.ties(votes)
    #expect(ties.groups[0].map(\.cause) == [.curl(28), .status(502)])
    #expect(ties.groups[0].map(\.count) == [4, 3])
    #expect(ties.groups[0].map(\.first) == [at(12.7), at(12.6)])
    #expect(ties.groups[0].map(\.last) == [at(13.2), at(13)])
    #expect(ties.failed == 8)
  }

  @Test("a pod is suspected for what it answered; else for going, and for coming only when none was going")
  func suspects() {
    let votes =
      [12.1, 12.2, 12.3].map { Self.vote($0) } + [10.6, 10.7].map { Self.vote($0) }
      + [Self.vote(13, .status(500), pod: 1)] + (0..<6).map { _ in Self.vote(100, .status(500), pod: 2) }
      + [Self.vote(1)]
    let suspects = Self.ties(votes).suspects(atMost: 5)
    #expect(suspects.map(\.name) == ["new", "old", "new"])
    #expect(suspects.map(\.reason) == [.answered, .going, .coming])
    #expect(suspects.map(\.votes) == [6, 4, 2])
    #expect(Self.ties(votes).suspects(atMost: 1) == Array(suspects.prefix(1)))
  }

  @Test("every vote is counted once, and tied to what a look at every pod and vote says", arguments: UInt64(1)...20)
  func bruteForce(seed: UInt64) {
    var random = Random(state: seed)
    func second(_ limit: Int) -> Double { Double(random.below(limit * 100)) / 100 }
    let pods = (0..<12).map { number in
      let (start, length) = (second(20), second(10))
      return random.below(2) == 0
        ? pod("\(number)", old: true, [.marked: [start], .gone: [start + length]])
        : pod("\(number)", [.created: [start], .endpointReady: [start + length]])
    }
    let votes = (0..<300).map { _ in
      let sent = second(40)
      return Self.vote(sent, to: sent + second(3))
    }
    let ties = Self.ties(votes, [rollout(from: 0, to: 30, pods)])
    var expected: [Set<String>: Int] = [:]
    for vote in votes {
      let changing = pods.filter { pod in
        let marked = pod.times[.marked].map { $0.latest + .milliseconds(-250) }
        guard let start = marked ?? pod.times[.created]?.latest else { return false }
        guard let end = pod.times[.gone] ?? pod.times[.endpointReady] else { return false }
        return start <= vote.completed && vote.actual <= end.latest + .milliseconds(2100)
      }
      expected[Set(changing.map(\.name)), default: 0] += 1
    }
    #expect(ties.untied == expected.removeValue(forKey: []) ?? 0, "seed \(seed)")
    var found: [Set<String>: Int] = [:]
    for group in ties.groups[0] { found[Set(group.going + group.coming), default: 0] += group.count }
    #expect(found == expected, "seed \(seed)")
  }

  @Test("the answers of pods that share a name are told apart by time, over several changes")
  func statefulSet() {
    let first = rollout(
      from: 10, to: 20,
      [
        pod("db-0", uid: "a", old: true, [.marked: [11], .gone: [12]]),
        pod("db-0", uid: "b", [.created: [12.1], .ready: [13]]),
      ])
    let second = rollout(
      from: 20, to: 30,
      [
        pod("db-0", uid: "b", old: true, [.marked: [21], .gone: [22]]),
        pod("db-0", uid: "c", [.created: [22.1], .ready: [23]]),
      ])
    var answers = PodAnswers([first, second], names: ["db-0", "else"])
    for end in [1, 11.5, 12.05, 12.2, 15, 22, 22.2, 29] { answers.record(Self.vote(0.5, to: end, pod: 1)) }
    answers.record(Self.vote(0.5, to: 13, .none, pod: 1, outcome: .accepted))
    answers.record(Self.vote(0.5, to: 13, pod: 2))
    answers.record(Self.vote(0.5, to: 13, pod: 0))
    answers.record(Self.vote(0.5, to: 13, pod: 255))
    #expect(["a", "b", "c", "else"].map { answers[$0]?.count } == [3, 4, 2, nil])
    #expect(["a", "b", "c"].map { answers[$0]?.failed } == [3, 3, 2])
    #expect(["a", "b", "c"].map { answers[$0]?.first } == [at(1), at(12.2), at(22.2)])
    #expect(["a", "b", "c"].map { answers[$0]?.last } == [at(12.05), at(22), at(29)])
  }

  /// A rollout on a real cluster with the requests that failed in it.
  private struct Recording: Decodable {
    struct Pod: Decodable {
      var uid: String
      var created: Double?
      var ready: Double?
      var marked: Double?
      var gone: Double?
    }
    struct Request: Decodable {
      var sent: Double
      var ended: Double
      /// That of the ingress; 499 where the client gave up.
      var status: Int
      /// To which the ingress had sent it.
      var pod: String
    }

    var scenario: String
    var pods: [Pod]
    var failed: [Request]
  }

  private static func recordings() throws -> [Recording] {
    let path = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let text = try String(contentsOf: URL(filePath: path + "/Fixtures/failed-requests.ndjson"), encoding: .utf8)
    return try text.split(separator: "\n").map { try JSONDecoder().decode(Recording.self, from: Data($0.utf8)) }
  }

  @Test("every failed request of the recorded rollouts is tied to the pod that it went to, and to few others")
  func recorded() throws {
    let recordings = try Self.recordings()
    #expect(recordings.count == 20)
    var (requests, tied) = (0, 0)
    for recording in recordings {
      let pods = recording.pods.map { recorded in
        var times: [PodMilestone: [Double]] = [:]
        times[.created] = recorded.created.map { [$0] }
        times[.ready] = recorded.ready.map { [$0] }
        times[.marked] = recorded.marked.map { [$0] }
        times[.gone] = recorded.gone.map { [$0] }
        return pod(recorded.uid, old: recorded.created == nil, times)
      }
      for request in recording.failed {
        let vote = Self.vote(
          request.sent, to: request.ended, request.status == 499 ? .curl(28) : .status(request.status))
        let group = Self.ties([vote], [rollout(from: 0, to: nil, pods)]).groups[0].first
        #expect(group?.going.contains(request.pod) == true, "\(recording.scenario) at \(request.sent)")
        requests += 1
        tied += group?.going.count ?? 0
      }
    }
    #expect(requests == 847)
    #expect(Double(tied) / Double(requests) < 1.6)
  }
}
