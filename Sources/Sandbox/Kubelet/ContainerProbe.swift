/// Makes a readiness, liveness or startup probe.
enum ContainerProbe {
  /// Nil for success, else what was wrong, in the kubelet's words.
  static func failure(
    of probe: ContainerPlan.Probe, in target: ContainerTarget, by runner: ContainerRunner
  ) async -> String? {
    let limit = Duration.seconds(probe.timeout)
    switch probe.check {
    case .http(let request): return await failure(of: request, at: target.address, within: limit)
    case .tcp(let host, let port):
      let address = host ?? target.address
      guard let outcome = await PlainHTTP.connectFailure(address, port, within: limit) else { return nil }
      return "dial tcp \(address):\(port): \(words(for: outcome))"
    case .exec(let command):
      switch await runner.execute(command, in: target, within: limit) {
      case .ended(0, _): return nil
      case .ended(_, let output): return output
      case .timedOut:
        return "command timed out: \"\(command.joined(separator: " "))\" timed out after \(probe.timeout)s"
      case .failed(let reason): return reason
      }
    case .notOffered(let reason): return reason
    }
  }

  // A status from 200 to 399 is success.
  private static func failure(
    of request: ContainerPlan.Request, at podAddress: String, within limit: Duration
  ) async -> String? {
    let address = request.host ?? podAddress
    let isNamed = request.headers.contains { $0.lowercased().hasPrefix("host:") }
    let outcome = await PlainHTTP.request(
      "GET", request.path, host: isNamed ? nil : "\(address):\(request.port)",
      headers: ["User-Agent: kube-probe/1.36", "Accept: */*"] + request.headers, to: .tcp(address, request.port),
      within: limit)
    let url = "http://\(address):\(request.port)\(request.path)"
    switch outcome {
    case .answered(200..<400): return nil
    case .answered(let status): return "HTTP probe failed with statuscode: \(status)"
    case .refused: return "Get \"\(url)\": dial tcp \(address):\(request.port): \(words(for: outcome))"
    case .timedOut:
      return "Get \"\(url)\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    case .failed(let reason): return "Get \"\(url)\": \(reason)"
    }
  }

  private static func words(for outcome: PlainHTTP.Outcome) -> String {
    switch outcome {
    case .refused: "connect: connection refused"
    case .timedOut: "i/o timeout"
    case .failed(let reason): reason
    case .answered: "answered"
    }
  }
}
