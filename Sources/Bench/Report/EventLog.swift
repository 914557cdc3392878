import FoundationEssentials

/// events.ndjson: what the cluster did and when, beside what was done to it; a line an event, in order of time.
///
/// Seconds count from the first vote's due moment, as in summary.json.
package struct EventLog: Sendable {
  private struct Line: Encodable {
    /// When; the latest that it can have been.
    var tS: Double
    /// The earliest that it can have been; nil when `tS` is exact.
    var earliestS: Double?
    var kind: String
    var name: String
    var uid: String?
    var what: String
    var text: String?
    /// Place in `rollouts[]` of summary.json, from 0; nil for a phase.
    var rollout: Int?
  }

  private var lines: [Line] = []
  private let origin: MonotonicTime

  /// The events of the run: each phase's beginning, each change's command and end, and what was seen of the cluster.
  package init(_ material: RunReport.Material) {
    origin = material.origin
    for edge in material.recorder.edges.edges {
      add(RolloutRecord.Note(at: Moment(edge.start), kind: "Phase", name: edge.phase.rawValue, uid: nil, what: "began"))
    }
    for (place, rollout) in material.rollouts.enumerated() {
      let name = rollout.workload.description
      add(
        RolloutRecord.Note(
          at: Moment(rollout.start), kind: "Command", name: name, uid: nil, what: "started", text: rollout.trigger),
        place)
      for note in rollout.notes { add(note, place) }
      guard let (end, outcome) = rollout.end.flatMap({ end in rollout.outcome.map { (end, $0) } }) else { continue }
      add(
        RolloutRecord.Note(
          at: Moment(end), kind: "Rollout", name: name, uid: nil, what: outcome.rawValue,
          text: rollout.detail ?? outcome.sentence), place)
    }
    // Ends are told at the same moment as what ended them: the sort must not turn them round.
    lines = lines.enumerated().sorted { ($0.element.tS, $0.offset) < ($1.element.tS, $1.offset) }.map(\.element)
  }

  private mutating func add(_ note: RolloutRecord.Note, _ rollout: Int? = nil) {
    lines.append(
      Line(
        tS: (note.at.latest - origin).seconds, earliestS: note.at.isExact ? nil : (note.at.earliest - origin).seconds,
        kind: note.kind, name: note.name, uid: note.uid, what: note.what, text: note.text, rollout: rollout))
  }

  /// The text of events.ndjson; empty when nothing happened.
  package func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return try lines.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }.joined()
  }
}
