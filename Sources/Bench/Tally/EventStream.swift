/// Server-Sent Events, read as they come: the data of each event, by the WHATWG's rules for event streams.
struct EventStream: Sendable {
  /// An event that is longer is no tally.
  static let limit = 1 << 16

  private var line: [UInt8] = []
  private var data: [UInt8]?
  private var endedWithReturn = false
  /// True once an event was longer than `limit`: what follows cannot be told apart.
  private(set) var isTooLong = false

  /// Takes the next bytes of the stream into account; gives the data of the events that they complete.
  mutating func read(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
    var events: [[UInt8]] = []
    for byte in bytes {
      // A line feed after a carriage return ends the same line.
      let isSecond = endedWithReturn && byte == 0x0A
      endedWithReturn = byte == 0x0D
      if isSecond { continue }
      if byte == 0x0A || byte == 0x0D {
        if let event = end() { events.append(event) }
      } else {
        line.append(byte)
        if line.count + (data?.count ?? 0) > Self.limit { isTooLong = true }
        if isTooLong { line.removeAll() }
      }
    }
    return events
  }

  /// Ends a line; an empty one ends the event.
  private mutating func end() -> [UInt8]? {
    defer { line.removeAll(keepingCapacity: true) }
    guard !line.isEmpty else {
      defer { data = nil }
      return data
    }
    guard line.starts(with: "data".utf8) else { return nil }
    var value = line.dropFirst(4)
    guard value.isEmpty || value.removeFirst() == 0x3A else { return nil }
    if value.first == 0x20 { value.removeFirst() }
    data = (data.map { $0 + [0x0A] } ?? []) + value
    return nil
  }
}
