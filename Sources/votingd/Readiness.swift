import Hummingbird

/// Whether what a role depends on is reachable, for `/readyz`.
///
/// However many probes arrive, one check runs at a time. That all is well serves for 200 ms; that something is missing
/// serves those who waited, so that the next probe sees it come back.
actor Readiness {
  private let check: @Sendable () async -> [String]
  private var wellAt: ContinuousClock.Instant?
  private var running: Task<[String], Never>?

  /// `check` returns a sentence for each thing that is missing, none when all is well.
  init(check: @escaping @Sendable () async -> [String]) {
    self.check = check
  }

  /// 200 when nothing is missing, else 503 with the sentences.
  func response() async -> Response {
    let missing = await missing()
    if missing.isEmpty { return Exchange.plain("Ready.", status: .ok) }
    return Exchange.plain(missing.joined(separator: "\n"), status: .serviceUnavailable)
  }

  private func missing() async -> [String] {
    if let wellAt, wellAt.duration(to: .now) < .milliseconds(200) { return [] }
    if let running { return await running.value }
    let task = Task { [check] in await check() }
    running = task
    let missing = await task.value
    wellAt = missing.isEmpty ? .now : nil
    running = nil
    return missing
  }
}
