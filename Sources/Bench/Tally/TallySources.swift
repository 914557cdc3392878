/// The tally sources of a run as they turn out: a declared one counts as several where several pods answer for it.
///
/// Each pod reads the database for itself and may be older than the others, so each is judged by itself. Numbers are
/// given in the order of the first answers; where answers do not name a pod, who answers is unknown, and the source may
/// be several servers.
package struct TallySources: Sendable {
  /// How often a declared source could be read.
  package struct Figures: Sendable, Hashable, Codable {
    /// Its name.
    package var name: String
    /// Polls, or messages, that gave a tally.
    package var good = 0
    /// Those that gave none, by the reason.
    package var failed: [String: Int] = [:]

    /// The figures of a source that was not read yet.
    package init(name: String) { self.name = name }

    /// Polls that gave no tally.
    package var failures: Int { failed.values.reduce(0, +) }

    /// Why, the most frequent reason first: `3 failed: 2 timeout, 1 status-502`.
    package var reasons: String {
      let sorted = failed.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      return "\(failures) failed: " + sorted.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
  }

  /// Who answers: a declared source, and the pod.
  private struct Key: Hashable {
    var declared: Int
    var pod: String
  }

  private let declared: [TallySource]
  private let labels: Set<String>?
  private var numbers: [Key: Int] = [:]
  private var messages: [Int: [MonotonicTime]] = [:]
  /// What is known of each source, by its number in samples.
  package private(set) var traits: [ConsistencyRules.Source] = []
  /// The figures of the declared sources, in their order.
  package private(set) var figures: [Figures]

  /// Sources of which none has answered; of their tallies only `labels` matter, all where that is nil.
  package init(_ declared: [TallySource], labels: [String]? = nil) {
    self.declared = declared
    self.labels = labels.map(Set.init)
    figures = declared.map { Figures(name: $0.name) }
  }

  /// Takes a tally of a declared source into account, with the pod that answered, empty where nobody says; gives the
  /// tally by the number of who answered.
  package mutating func take(_ sample: TallySample, pod: String) -> TallySample {
    figures[sample.source].good += 1
    var sample = sample
    if let labels { sample.counts = sample.counts.filter { labels.contains($0.key) } }
    let key = Key(declared: sample.source, pod: pod)
    if let number = numbers[key] {
      sample.source = number
    } else {
      numbers[key] = traits.count
      let source = declared[sample.source]
      sample.source = traits.count
      traits.append(
        ConsistencyRules.Source(
          name: pod.isEmpty ? source.name : "\(source.name) (\(pod))",
          isOneServer: !pod.isEmpty))
    }
    if declared[key.declared].isPushed, traits[sample.source].period == nil {
      messages[sample.source, default: []].append(sample.received)
    }
    return sample
  }

  /// A poll of a declared source gave no tally.
  package mutating func failed(_ number: Int, _ reason: String) {
    figures[number].failed[reason, default: 0] += 1
  }

  /// True when every declared source has been read.
  package var allAnswered: Bool { figures.allSatisfy { $0.good > 0 } }

  /// A declared source that has failed so often, and never given a tally, that it will not; nil when none has.
  package var hopeless: Figures? {
    zip(declared, figures).first { source, figures in
      // A failure of one that sends by itself is half a minute of silence, or a session that was refused.
      figures.good == 0 && figures.failures >= (source.isPushed ? 3 : 10)
    }?.1
  }

  /// The rhythm of those that send by themselves is known from now on: the median of the times between their messages,
  /// where there were four.
  package mutating func learnPeriods() {
    for (number, moments) in messages where moments.count >= 4 {
      let gaps = zip(moments, moments.dropFirst()).map { $1 - $0 }.sorted()
      traits[number].period = gaps[gaps.count / 2]
    }
    messages = [:]
  }
}
