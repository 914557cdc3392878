import Logging

/// Keeps the ingress as the Ingress objects, their Secrets and the EndpointSlices have it, and says on each Ingress
/// where it is reached and what was not done.
///
/// Routes and certificates are taken over at once, but endpoints lag behind the API as in a real cluster, see
/// ``LaggingEndpoints``: a pod that goes is still chosen for up to that long, which is what makes abrupt pods lose requests.
actor IngressController {
  private let store: ObjectStore
  private let socket: String
  private let logger: Logger
  private var endpoints = LaggingEndpoints()

  // What nginx has: the configuration, the certificates, and those of them that it would not have.
  private var pushed: String?
  private var certificates: Set<String> = []
  private var refused: Set<String> = []
  private var said = Notices()
  private var isBusy = false
  private var isStale = false
  private var alarm: Task<Void, Never>?

  /// `socket` is where the ingress's nginx is told; until ``beginLagging(_:)`` nothing waits.
  init(store: ObjectStore, socket: String, logger: Logger) {
    self.store = store
    self.socket = socket
    self.logger = logger
  }

  /// Follows the store until the task is cancelled.
  func run() async {
    for await _ in store.changes() { await refresh() }
    alarm?.cancel()
  }

  /// From now on endpoints lag behind, by what was measured times `scale`; before, the sandbox is starting and nobody votes yet.
  func beginLagging(_ scale: Double) {
    endpoints.scale = scale
  }

  /// Tells everything to an nginx that was just started anew, which takes a moment to listen.
  func pushAfterRestart() async {
    for _ in 0..<100 where !Task.isCancelled {
      if await PlainHTTP.request("GET", "/", to: .unix(socket), within: .seconds(1)) != .refused { break }
      try? await Task.sleep(for: .milliseconds(20))
    }
    (pushed, certificates, refused) = (nil, [], [])
    await refresh()
  }

  /// Whether the ingress has what the store says.
  var isCurrent: Bool {
    let rules = IngressRules(store.list(.ingresses).items)
    return pushed != nil && !isBusy && endpoints.shown == wantedEndpoints(rules)
  }

  // Changes that come while one is taken over are taken over together, after it.
  private func refresh() async {
    isStale = true
    guard !isBusy else { return }
    isBusy = true
    defer { isBusy = false }
    while isStale, !Task.isCancelled {
      isStale = false
      await takeOver()
    }
  }

  private func takeOver() async {
    let rules = IngressRules(store.list(.ingresses).items)
    var notices = rules.notices
    var shown: [String: String] = [:]
    for claim in rules.claims {
      switch await certificate(claim) {
      case nil: wake(after: .milliseconds(500))
      case .found(let name, _): shown[claim.host] = name
      case .missing(let reason, let message):
        notices.append(
          EventRecord(
            claim.ingress, reason: reason, message: message, kind: .warning, component: IngressRules.component))
      }
    }
    if let delay = endpoints.follow(wantedEndpoints(rules), now: .now) { wake(after: delay) }
    await push(Self.text(rules.routes, endpoints.shown, shown), certificates: Set(shown.values))
    tell(rules, notices)
  }

  private func wantedEndpoints(_ rules: IngressRules) -> IngressEndpoints.Lists {
    IngressEndpoints.lists(
      of: Set(rules.routes.map(\.backend)), services: store.list(.services).items,
      slices: store.list(.endpointSlices).items)
  }

  private func wake(after delay: Duration) {
    alarm?.cancel()
    alarm = Task {
      try? await Task.sleep(for: delay)
      if !Task.isCancelled { await refresh() }
    }
  }
}

// MARK: - What nginx is told

extension IngressController {
  private func push(_ text: String, certificates named: Set<String>) async {
    guard text != pushed else { return }
    let outcome = await PlainHTTP.request(
      "PUT", "/configuration", body: text, to: .unix(socket), within: .seconds(2))
    guard outcome == .answered(200) else {
      logger.warning("the ingress did not take its configuration: \(outcome)")
      pushed = nil
      return wake(after: .milliseconds(500))
    }
    pushed = text
    certificates = named
  }

  // Nil if nginx could not be asked.
  private func certificate(_ claim: IngressRules.Claim) async -> IngressCertificate? {
    let secret = store.get(.secrets, namespace: claim.namespace, name: claim.secret)
    let certificate = IngressCertificate(claim, secret: secret)
    guard case .found(let name, let pem) = certificate, !certificates.contains(name) else { return certificate }
    if !refused.contains(name) {
      let outcome = await PlainHTTP.request(
        "PUT", "/certificate?name=\(name)", body: pem, to: .unix(socket), within: .seconds(2))
      if outcome == .answered(200) {
        certificates.insert(name)
        return certificate
      }
      logger.warning("the ingress did not take the certificate \(name): \(outcome)")
      guard outcome == .answered(422) else { return nil }
      refused.insert(name)
    }
    return .refused(claim)
  }

  /// The whole configuration; a backend's line comes before those of its routes.
  static func text(
    _ routes: [IngressRoute], _ endpoints: IngressEndpoints.Lists, _ certificates: [String: String]
  ) -> String {
    let backends = endpoints.map { "backend\t\($0.key.key)\t\($0.value.joined(separator: " "))\n" }.sorted()
    let shown = certificates.map { "certificate\t\($0.key)\t\($0.value)\n" }.sorted()
    return (backends + routes.map(\.line) + shown).joined()
  }
}

// MARK: - What the objects are told

extension IngressController {
  private func tell(_ rules: IngressRules, _ notices: [EventRecord]) {
    var all = notices
    for ingress in rules.ingresses {
      all.append(
        EventRecord(
          ingress, reason: "Sync", message: "Scheduled for sync", component: IngressRules.component))
      let address: JSON = ["ingress": [["ip": "127.0.0.1"]]]
      guard ingress["status", "loadBalancer"] != address else { continue }
      _ = try? store.update(.ingresses, namespace: ingress.namespace, name: ingress.name) { stored in
        stored["status", "loadBalancer"] = address
      }
    }
    for notice in said.news(all) { store.record(notice) }
  }
}
