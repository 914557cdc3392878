import Bench

/// A line of a journal as it is written: which fields it has says what it is.
extension Journal.Entry: Codable {
  private enum CodingKeys: String, CodingKey {
    case journal, before, workload, doing, fields, done, exit, restored
  }

  /// Writes the line's fields.
  package func encode(to encoder: any Encoder) throws {
    var line = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .begin(let header): try header.encode(to: encoder)
    case .before(let snapshot): try line.encode(snapshot, forKey: .before)
    case .doing(let workload, let command, let fields):
      try line.encode(workload.description, forKey: .workload)
      try line.encode(command, forKey: .doing)
      try line.encode(fields, forKey: .fields)
    case .done(let command, let exit):
      try line.encode(command, forKey: .done)
      try line.encode(exit, forKey: .exit)
    case .restored(let workload):
      try line.encode(workload.description, forKey: .workload)
      try line.encode(true, forKey: .restored)
    }
  }

  /// Reads a line; throws when it is none.
  package init(from decoder: any Decoder) throws {
    let line = try decoder.container(keyedBy: CodingKeys.self)
    if line.contains(.journal) {
      self = .begin(try JournalHeader(from: decoder))
    } else if line.contains(.before) {
      self = .before(try line.decode(WorkloadSnapshot.self, forKey: .before))
    } else if line.contains(.doing) {
      self = .doing(
        try Self.workload(line), try line.decode(String.self, forKey: .doing),
        try line.decode([ChangedField].self, forKey: .fields))
    } else if line.contains(.done) {
      self = .done(try line.decode(String.self, forKey: .done), exit: try line.decode(Int.self, forKey: .exit))
    } else {
      _ = try line.decode(Bool.self, forKey: .restored)
      self = .restored(try Self.workload(line))
    }
  }

  private static func workload(_ line: KeyedDecodingContainer<CodingKeys>) throws -> Workload {
    let parts = try line.decode(String.self, forKey: .workload).split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2, let kind = Workload.Kind(rawValue: parts[0]) else {
      throw DecodingError.dataCorruptedError(forKey: .workload, in: line, debugDescription: "no workload")
    }
    return Workload(kind, parts[1])
  }
}

extension Journal {
  /// The same as `append`, for what is not done when it cannot be announced.
  func write(_ entry: Entry) throws(KubectlError) {
    do throws(JournalError) {
      try append(entry)
    } catch {
      throw KubectlError(code: .abandoned, attempted: error.attempted, cause: error.cause, remedy: error.remedy)
    }
  }
}
