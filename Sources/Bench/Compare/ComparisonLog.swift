import FoundationEssentials

/// plan.json and rollouts.ndjson of a comparison's folder: what was asked for, and a line for every rollout that was made.
///
/// A rollout is made when its line is whole. A torn last one was being written when the process was killed: it is left
/// out, and its rollout is made again. So a comparison that was stopped and went on has the same plan, and each of its
/// rollouts once.
package struct ComparisonLog: Sendable {
  /// Why a folder is no comparison's.
  package struct Unreadable: Error, CustomStringConvertible {
    /// In a sentence.
    package let description: String
  }

  private struct Plan: Codable {
    var schema: String
    var version: String
    var startedAt: String
    var typed: ComparisonRequest.Typed
    /// What was asked of the runs, by key.
    var settings: [String: [String]]
  }

  /// Version of both files.
  package static let schema = "votebench.compare/1.0"

  /// What was asked for.
  package let request: ComparisonRequest
  /// When it was begun, ISO 8601, UTC.
  package let startedAt: String
  /// The rollouts that were made, in the order of their lines.
  package private(set) var rollouts: [RolloutFigures] = []
  /// The length of the whole lines, in bytes: what follows is torn.
  package private(set) var wholeBytes = 0

  /// A comparison that begins.
  package init(_ request: ComparisonRequest, startedAt: String) {
    self.request = request
    self.startedAt = startedAt
  }

  /// Reads both files; `lines` is empty where there is no rollout yet.
  package init(plan: [UInt8], lines: [UInt8]) throws(Unreadable) {
    let decoder = JSONDecoder()
    guard let read = try? decoder.decode(Plan.self, from: Data(plan)) else {
      throw Unreadable(description: "plan.json is not that of a comparison")
    }
    guard read.schema == Self.schema,
      let request = try? ComparisonRequest.validate(read.typed, settings: Settings(read.settings), freshSeed: 0).get()
    else {
      throw Unreadable(
        description: "votebench \(read.version) wrote plan.json, and this one cannot read it: take that version")
    }
    self.init(request, startedAt: read.startedAt)
    // What follows the last end of a line is torn, and empty when nothing is.
    for (number, line) in lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
      .enumerated()
    {
      guard let figures = try? decoder.decode(RolloutFigures.self, from: Data(line)) else {
        throw Unreadable(description: "line \(number + 1) of rollouts.ndjson is not that of a rollout")
      }
      rollouts.append(figures)
      wholeBytes += line.count + 1
    }
  }

  /// The text of plan.json; it has what may be secret.
  package func plan(version: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let plan = Plan(
      schema: Self.schema, version: version, startedAt: startedAt, typed: request.typed,
      settings: request.asked.texts)
    return String(decoding: try encoder.encode(plan), as: UTF8.self) + "\n"
  }

  /// Adds a rollout that was made; gives its line.
  package mutating func add(_ figures: RolloutFigures) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let line = String(decoding: try encoder.encode(figures), as: UTF8.self) + "\n"
    rollouts.append(figures)
    wholeBytes += line.utf8.count
    return line
  }

  /// The rollouts that are still to be made.
  package var remaining: [ComparisonPlan.Rollout] {
    let made = Set(rollouts.map(\.number))
    return request.question.plan.rollouts.filter { !made.contains($0.number) }
  }

  /// What it came to so far.
  package var comparison: Comparison { Comparison(request.question, rollouts) }
}

extension Settings {
  /// As typed, by key.
  fileprivate var texts: [String: [String]] {
    let pairs = Key.allCases.map { ($0.rawValue, all($0).map(\.text)) }.filter { !$0.1.isEmpty }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  fileprivate init(_ texts: [String: [String]]) {
    self.init()
    for key in Key.allCases {
      for text in texts[key.rawValue] ?? [] { add(key, Setting(text, place: "plan.json: \(key.rawValue)")) }
    }
  }
}
