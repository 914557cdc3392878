internal import Bench
internal import Glibc

/// What the machine lets a process have: open files, each connection is one, and ports to connect from.
enum Limits {
  /// What the process may have open besides the votes' connections.
  private static let others = 64

  /// Raises this process's soft limit of open files where the connections need it, and refuses what cannot be had.
  static func check(_ configuration: EngineConfiguration) throws(EngineError) {
    var connections = 0
    for shard in 0..<configuration.threads {
      connections +=
        configuration.keptSlots(shard: shard) / configuration.streams
        + configuration.freshSlots(shard: shard)
    }
    try makeRoom(for: connections)
    if let need = PortNeed(configuration), need.ports > need.available {
      throw EngineError(
        code: .setUp, attempted: "making room for new connections",
        cause: "\(need.ports) ports to connect from are needed, and this machine has \(need.available)",
        remedy: "Lower --new-connections or the rate, or widen net.ipv4.ip_local_port_range.")
    }
  }

  private static func makeRoom(for connections: Int) throws(EngineError) {
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(kind, &limit) == 0 else { return }
    let needed = UInt64(connections + others)
    // Look-ups and attempts at two addresses take more, for a moment: what the machine gives of that is taken.
    let wanted = rlim_t(min(needed * 4, UInt64(limit.rlim_max)))
    guard wanted > limit.rlim_cur else { return }
    limit.rlim_cur = wanted
    guard needed <= limit.rlim_max, setrlimit(kind, &limit) == 0 else {
      throw EngineError(
        code: .setUp, attempted: "making room for \(connections) connections",
        cause: "\(needed) open files are needed, and the hard limit is \(limit.rlim_max)",
        remedy: "Raise the hard limit to \(needed) (ulimit -Hn), or lower --connections.")
    }
  }
}

/// How many ports votes on new connections hold: each for the time that the kernel keeps a closed connection.
struct PortNeed {
  let ports: Int
  let available: Int

  /// Nil where votes take no new connections, or where the kernel does not say.
  init?(_ configuration: EngineConfiguration) {
    guard configuration.freshShare > 0, let rate = Self.highestRate(configuration.schedule),
      let range = Self.integers("/proc/sys/net/ipv4/ip_local_port_range"), range.count == 2,
      let reuse = Self.integers("/proc/sys/net/ipv4/tcp_tw_reuse")?.first
    else { return nil }
    let isLocal =
      ["//127.", "//localhost", "//[::1]"].contains { configuration.origin.contains($0) }
      || configuration.resolve?.contains(":127.") == true
    // Ports of closed connections are taken again after a second, where the kernel may: everywhere, or on loopback.
    let isReused = reuse == 1 || reuse == 2 && isLocal
    ports = configuration.connections + Int(rate * configuration.freshShare * (isReused ? 1 : 60))
    available = range[1] - range[0] + 1
  }

  private static func highestRate(_ schedule: Schedule) -> Double? {
    switch schedule.arrivals {
    case .constant(let rate), .poisson(let rate, _): rate.perSecond
    case .stages(let stages): stages.flatMap { [$0.from.perSecond, $0.rate.perSecond] }.max()
    case .closed: nil
    }
  }

  private static func integers(_ path: String) -> [Int]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return nil }
    let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
  }
}
