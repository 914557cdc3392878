/// One change of the cluster as it was seen: when it began and ended, how, and what each pod did.
package struct RolloutRecord: Sendable, Hashable, Codable {
  /// A pod's life as far as it was seen.
  package struct Pod: Sendable, Hashable, Codable {
    /// Its name; a StatefulSet's pods keep theirs.
    package var name: String
    /// Its identity in the cluster, never given again.
    package var uid: String
    /// True for a pod that was there before the change.
    package var isOld: Bool
    /// Image of its first container; empty when unknown.
    package var image: String
    /// What it passed and when; for a pod that was there before the change, only what came after.
    package var times: [PodMilestone: Moment] = [:]

    /// A pod of which nothing has been seen yet.
    package init(name: String, uid: String, isOld: Bool, image: String) {
      self.name = name
      self.uid = uid
      self.isOld = isOld
      self.image = image
    }
  }

  /// A time for which nothing was seen of the cluster: the API server was away, or a watch was broken.
  package struct Gap: Sendable, Hashable, Codable {
    /// The last moment at which the cluster was seen.
    package var start: MonotonicTime
    /// When it was seen again.
    package var end: MonotonicTime

    /// A gap; see the members.
    package init(start: MonotonicTime, end: MonotonicTime) {
      self.start = start
      self.end = end
    }
  }

  /// Something that the cluster did, for `events.ndjson`.
  package struct Note: Sendable, Hashable, Codable {
    /// When.
    package var at: Moment
    /// Kind of the object, as Kubernetes spells it: `Pod`, `Deployment`, `EndpointSlice`.
    package var kind: String
    /// Name of the object.
    package var name: String
    /// Identity of the object; nil when it is not known.
    package var uid: String?
    /// What happened to it, in a word: a `PodMilestone`, the reason of an Event or of a condition, `scaled`.
    package var what: String
    /// In a sentence; nil when there is nothing to add.
    package var text: String?

    /// A note; see the members.
    package init(at: Moment, kind: String, name: String, uid: String?, what: String, text: String? = nil) {
      self.at = at
      self.kind = kind
      self.name = name
      self.uid = uid
      self.what = what
      self.text = text
    }
  }

  /// What began it: the command line.
  package var trigger: String
  /// What rolls.
  package var workload: Workload
  /// True when it puts another change back.
  package var isRollback: Bool
  /// When the command that began it was started.
  package var start: MonotonicTime
  /// When it ended; nil while it goes on.
  package var end: MonotonicTime?
  /// How it ended; nil while it goes on.
  package var outcome: RolloutOutcome?
  /// What the cluster said of a failure: the pod's or the workload's own message; nil without one.
  package var detail: String?
  /// Exit status of the command that began it; nil when it has not ended.
  package var exit: Int?
  /// How many pods were wanted before the change; 0 when unknown.
  package var wantedBefore = 0
  /// How many pods are wanted after it; 0 when unknown.
  package var wantedAfter = 0
  /// When nothing was seen, in order; empty when every watch went on.
  package var gaps: [Gap] = []
  /// What the cluster did, in the order of being seen.
  package var notes: [Note] = []
  /// Every pod seen, in the order of being seen first.
  package var pods: [Pod] = []

  /// A change that began at `start`.
  package init(trigger: String, workload: Workload, isRollback: Bool = false, start: MonotonicTime) {
    self.trigger = trigger
    self.workload = workload
    self.isRollback = isRollback
    self.start = start
  }

  /// How it ended, in a sentence that names what rolled.
  package var ending: String {
    let end = "\(workload): \((outcome ?? .interrupted).sentence)"
    return isRollback && outcome != .complete ? "the cluster is NOT as before: rolling back, \(end)" : end
  }
}
