/// Reading of the settings of the connections: how many, of what kind, and how votes are put on them.
extension SettingsReader {
  /// How votes travel.
  struct Lines {
    var threads: Int
    var connections: Int
    var http: RunProfile.HTTPVersion
    var streams: Int
    var lane: RunProfile.Lane
  }

  /// A thread sends on so many connections at most: libcurl walks all of its pool for each transfer.
  private static let connectionsPerThread = 128

  mutating func lines(_ schedule: Schedule, target: RunProfile.Target) -> Lines {
    let http = value(.http, default: .one, expected: "1.1 or 2") { RunProfile.HTTPVersion(rawValue: $0) }
    if http == .two, case .url(let url) = target, !url.hasPrefix("https://") {
      refuse([.http], "HTTP/2 is spoken over TLS: set --target to an https:// URL")
    }
    let streams = integer(.streams, default: 1, in: 1...1024)
    if streams > 1, http == .one {
      refuse([.streams], "needs --http 2: HTTP/1.1 has one vote at a time on a connection")
    }
    let connections = connections(schedule, streams: streams)
    return Lines(
      threads: threads(connections), connections: connections, http: http, streams: streams, lane: lane(http))
  }

  private mutating func connections(_ schedule: Schedule, streams: Int) -> Int {
    var users: Int?
    if case .closed(let count) = schedule.arrivals { users = count }
    let connections = integer(.connections, default: streams > 1 ? 1 : users ?? 64, in: 1...16_384)
    if streams > 1, connections > 1 {
      refuse(
        [.connections],
        "several streams need --connections 1: over several connections libcurl 7.88 invents stream errors")
    } else if let users, connections * streams != users {
      refuse(
        firstOf: .connections, .streams,
        because: "a closed loop has a place for each of its \(users) users: set connections x streams to that")
    }
    return connections
  }

  private mutating func threads(_ connections: Int) -> Int {
    let least = (connections + Self.connectionsPerThread - 1) / Self.connectionsPerThread
    let threads = integer(.threads, default: least, in: 1...128)
    if threads > connections || threads < least {
      refuse(
        [.threads],
        "expected \(least) to \(min(128, connections)) for \(connections) connections: "
          + "each has one at least and \(Self.connectionsPerThread) at most")
    }
    return threads
  }

  private mutating func lane(_ http: RunProfile.HTTPVersion) -> RunProfile.Lane {
    let lane = value(.lane, default: http == .one ? .direct : .transfer, expected: "direct or transfer") {
      RunProfile.Lane(rawValue: $0)
    }
    if lane == .direct, http == .two { refuse([.lane], "the direct lane speaks HTTP/1.1: set --lane transfer") }
    return lane
  }

  mutating func maxConnectionAge() -> Duration? {
    optional(.maxConnectionAge, expected: "whole seconds, at least one, such as 30s or 5m: libcurl counts in seconds") {
      Duration(spelled: $0).flatMap { $0 > .zero && $0.components.attoseconds == 0 ? $0 : nil }
    }
  }

  mutating func newConnections(_ http: RunProfile.HTTPVersion, _ schedule: Schedule) -> Double {
    let share = share(.newConnections, upTo: 100)
    if share > 0, http == .two { refuse([.newConnections], "needs --http 1.1") }
    if share > 0, schedule.isClosed {
      refuse([.newConnections], "needs --rate or --stages: users of a closed loop keep their connections")
    }
    return share
  }

  mutating func sourceAddress() -> String? {
    optional(.sourceAddress, expected: "an IP address of this machine") { text in
      let octets = text.split(separator: ".", omittingEmptySubsequences: false)
      let isVersion4 = octets.count == 4 && octets.allSatisfy { UInt8($0) != nil && $0.allSatisfy(\.isNumber) }
      let isVersion6 = text.contains(":") && text.allSatisfy { $0.isASCII && ($0.isHexDigit || ".:".contains($0)) }
      return isVersion4 || isVersion6 ? text : nil
    }
  }
}
