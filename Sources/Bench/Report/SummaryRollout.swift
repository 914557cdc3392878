/// One change of the cluster in summary.json: a rollout, or its rollback.
struct SummaryRollout: Encodable, Sendable {
  /// Groups of failed votes that are written one by one.
  static let groupsAtMost = 50

  private struct Gap: Encodable {
    var startS: Double
    var endS: Double
  }
  private struct PodSecondsEntry: Encodable {
    var unavailable: Double
    var surge: Double
    var terminating: Double
  }
  private struct FailedVotes: Encodable {
    var pods: [String]
    var answeredBy: String?
    var kind: String
    var count: Int
    var firstS: Double
    var lastS: Double
  }

  private let trigger: String
  private let workload: String
  private let isRollback: Bool
  private let outcome: String
  private let detail: String?
  private let startS: Double
  private let durationS: Double
  private let kubectlExit: Int?
  private let gaps: [Gap]
  private let pods: [SummaryPod]
  private let podSeconds: PodSecondsEntry?
  private let failedVotes: [FailedVotes]
  private let failedVotesMore: Int

  /// The entry of the rollout at this place of `report`.
  init(at place: Int, of report: RunReport) {
    let (rollout, origin) = (report.material.rollouts[place], report.material.origin)
    trigger = rollout.trigger
    workload = rollout.workload.description
    isRollback = rollout.isRollback
    outcome = (rollout.outcome ?? .interrupted).rawValue
    detail = rollout.detail
    startS = (rollout.start - origin).seconds
    durationS = ((rollout.end ?? rollout.start) - rollout.start).seconds
    kubectlExit = rollout.exit
    gaps = rollout.gaps.map { Gap(startS: ($0.start - origin).seconds, endS: ($0.end - origin).seconds) }
    pods = rollout.pods.map { SummaryPod($0, report.podAnswers[$0.uid], origin: origin) }
    podSeconds = report.podSeconds(ofRolloutAt: place).map {
      PodSecondsEntry(
        unavailable: $0.unavailable.seconds, surge: $0.surge.seconds, terminating: $0.terminating.seconds)
    }
    let groups = report.failureTies.groups[place]
    failedVotes = groups.prefix(Self.groupsAtMost).map { group in
      FailedVotes(
        pods: Set(group.going + group.coming).sorted(), answeredBy: group.answeredBy, kind: group.cause.name,
        count: group.count, firstS: (group.first - origin).seconds, lastS: (group.last - origin).seconds)
    }
    failedVotesMore = groups.dropFirst(Self.groupsAtMost).reduce(0) { $0 + $1.count }
  }
}

/// The life of one pod in summary.json, and what it answered.
///
/// Each milestone is `<milestone>_s`; where it is known as an interval only, that is its end, and
/// `<milestone>_earliest_s` its beginning.
private struct SummaryPod: Encodable, Sendable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private let pod: RolloutRecord.Pod
  private let answers: PodAnswers.Answers?
  private let origin: MonotonicTime

  init(_ pod: RolloutRecord.Pod, _ answers: PodAnswers.Answers?, origin: MonotonicTime) {
    self.pod = pod
    self.answers = answers
    self.origin = origin
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    func put(_ name: String, _ value: some Encodable) throws {
      try container.encode(value, forKey: Key(stringValue: name))
    }
    func put(_ name: String, at moment: MonotonicTime?) throws {
      if let moment { try put(name, (moment - origin).seconds) }
    }
    try put("name", pod.name)
    try put("uid", pod.uid)
    try put("old", pod.isOld)
    try put("image", pod.image)
    for (milestone, moment) in pod.times {
      try put("\(milestone.rawValue)_s", at: moment.latest)
      if !moment.isExact { try put("\(milestone.rawValue)_earliest_s", at: moment.earliest) }
    }
    try put("answered", answers?.count ?? 0)
    try put("failed", answers?.failed ?? 0)
    try put("first_answer_s", at: answers?.first)
    try put("last_answer_s", at: answers?.last)
  }
}
