/// What the generator can say of itself: whether it kept its schedule, what it cost, and how it sent.
package struct GeneratorFigures: Sendable, Hashable, Codable {
  /// Who answered votes: a pod and its version, as the answers name them; either may be empty.
  package struct Responder: Sendable, Hashable, Codable {
    /// The pod's name.
    package var pod: String
    /// The version that it runs.
    package var version: String

    /// A pod and its version.
    package init(pod: String, version: String) {
      self.pod = pod
      self.version = version
    }
  }

  /// Moments at which a thread of the engine was woken later than it had asked for: the machine's doing.
  package struct Stalls: Sendable, Hashable, Codable {
    /// How many were longer than 10 ms.
    package var count: Int
    /// The longest, above 10 ms or not.
    package var longest: Duration

    /// Stalls; see the members.
    package init(count: Int, longest: Duration) {
      self.count = count
      self.longest = longest
    }
  }

  /// What the probes of `--control` saw: a target that the rollout does not touch.
  package struct Control: Sendable, Hashable, Codable {
    /// Probes sent, one a second.
    package var probes: Int
    /// When each failed probe was sent.
    package var failures: [MonotonicTime]
    /// The slowest successful probe; nil when none succeeded.
    package var slowest: Duration?

    /// Control figures; see the members.
    package init(probes: Int, failures: [MonotonicTime], slowest: Duration?) {
      self.probes = probes
      self.failures = failures
      self.slowest = slowest
    }
  }

  /// The longest that votebench's own queue has been, in votes; the sum over the threads.
  package var backlogMaximum: Int
  /// Processor time of the engine's threads since the first vote was due.
  package var processorTime: Duration
  /// Late wake-ups.
  package var stalls: Stalls
  /// Who answered, by number - 1.
  package var responders: [Responder]
  /// Probes of the control target; nil without one.
  package var control: Control?
  /// The lane: `direct` or `transfer`.
  package var lane: String
  /// The version of HTTP: `1.1` or `2`.
  package var http: String
  /// Threads that sent votes.
  package var threads: Int
  /// libcurl's own version line.
  package var libcurl: String

  /// The figures; see the members.
  package init(
    backlogMaximum: Int, processorTime: Duration, stalls: Stalls, responders: [Responder], control: Control?,
    lane: String, http: String, threads: Int, libcurl: String
  ) {
    self.backlogMaximum = backlogMaximum
    self.processorTime = processorTime
    self.stalls = stalls
    self.responders = responders
    self.control = control
    self.lane = lane
    self.http = http
    self.threads = threads
    self.libcurl = libcurl
  }
}
