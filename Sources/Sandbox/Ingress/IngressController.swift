import Logging

/// Tells the ingress which pods are ready: watches EndpointSlices and sets the balancer's endpoints.
///
/// It lags behind the API as a real ingress does, see ``Throttle``: a pod that goes is still chosen for up to
/// that long, which is what makes abrupt pods lose requests.
actor IngressController {
  /// A Service's ready endpoints as `ADDRESS:PORT`, in the order of the slices.
  typealias Endpoints = [String: [String]]

  private let store: ObjectStore
  private let namespace: String
  private let socket: String
  private let logger: Logger
  private var throttle: Throttle
  private var pushed: Endpoints?

  /// `socket` is where the ingress's nginx takes endpoints; until ``beginThrottling(_:)`` nothing waits.
  init(store: ObjectStore, namespace: String, socket: String, logger: Logger) {
    self.store = store
    self.namespace = namespace
    self.socket = socket
    self.logger = logger
    throttle = Throttle(interval: .zero)
  }

  /// Follows the store until the task is cancelled.
  func run() async {
    for await _ in store.changes() {
      guard wanted() != pushed else { continue }
      let delay = throttle.delay(now: .now)
      if delay > .zero { try? await Task.sleep(for: delay) }
      if Task.isCancelled { return }
      await push()
    }
  }

  /// From now on changes wait for their turn; before, the sandbox is starting and nobody votes yet.
  func beginThrottling(_ interval: Duration) {
    throttle.interval = interval
  }

  // Sets the endpoints, all of them: the ingress may just have been started anew.
  private func push() async {
    let endpoints = wanted()
    let body = Self.text(of: endpoints)
    let outcome = await PlainHTTP.request(
      "PUT", "/endpoints", body: body, to: .unix(socket), within: .seconds(2))
    throttle.taken(now: .now)
    guard outcome == .answered(200) else {
      logger.warning("the ingress did not take its endpoints: \(outcome)")
      pushed = nil
      return
    }
    pushed = endpoints
  }

  /// Sets them in an nginx that was just started anew, which takes a moment to listen.
  func pushAfterRestart() async {
    for _ in 0..<100 where !Task.isCancelled {
      if await PlainHTTP.request("GET", "/", to: .unix(socket), within: .seconds(1)) != .refused { break }
      try? await Task.sleep(for: .milliseconds(20))
    }
    await push()
  }

  /// Whether the ingress has what the store says.
  var isCurrent: Bool { pushed == wanted() }

  private func wanted() -> Endpoints {
    Self.endpoints(in: store.list(.endpointSlices, namespace: namespace).items)
  }

  /// The ready endpoints of each routed Service; one without any is there with an empty list.
  static func endpoints(in slices: [JSON]) -> Endpoints {
    var endpoints = Endpoints(uniqueKeysWithValues: IngressConfiguration.routes.map { ($0.service, []) })
    for slice in slices {
      guard let service = slice["metadata", "labels", "kubernetes.io/service-name"].string,
        endpoints[service] != nil, let port = slice["ports"][0]["port"].int
      else { continue }
      for endpoint in slice["endpoints"].elements where endpoint["conditions", "ready"].bool == true {
        endpoints[service]? += endpoint["addresses"].elements.compactMap(\.string).map { "\($0):\(port)" }
      }
    }
    return endpoints
  }

  private static func text(of endpoints: Endpoints) -> String {
    endpoints.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.joined(separator: " "))\n" }.joined()
  }
}
