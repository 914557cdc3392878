import FoundationEssentials

/// JSON as far as a tally needs it: all other values are the same.
enum JSONValue: Sendable, Hashable, Decodable {
  case object([String: JSONValue])
  case array([JSONValue])
  case whole(Int)
  case text(String)
  case other

  init(_ bytes: [UInt8]) throws(TallyPicking.Unreadable) {
    guard let value = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else {
      throw TallyPicking.Unreadable(reason: "no JSON")
    }
    self = value
  }

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let number = try? value.decode(Int.self) {
      self = .whole(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let members = try? value.decode([String: Self].self) {
      self = .object(members)
    } else if let items = try? value.decode([Self].self) {
      self = .array(items)
    } else {
      self = .other
    }
  }

  /// What stands at a pointer; a text that holds JSON is read on, as those of Socket.IO are.
  func value(at pointer: TallyPicking.Pointer) throws(TallyPicking.Unreadable) -> Self {
    var value = try read()
    for key in pointer.keys {
      let next: Self? =
        switch value {
        case .object(let members): members[key]
        case .array(let items): Int(key).flatMap { items.indices.contains($0) ? items[$0] : nil }
        case .whole, .text, .other: nil
        }
      guard let next else {
        throw TallyPicking.Unreadable(reason: "nothing at the pointer /\(pointer.keys.joined(separator: "/"))")
      }
      value = try next.read()
    }
    return value
  }

  private func read() throws(TallyPicking.Unreadable) -> Self {
    guard case .text(let text) = self, let first = text.first(where: { !$0.isWhitespace }), "{[".contains(first) else {
      return self
    }
    return try Self(Array(text.utf8))
  }
}
