/// A readiness, liveness or startup probe by HTTP.
enum HTTPProbe {
  /// Makes it; nil for success (a status from 200 to 399), else what was wrong, in the kubelet's words.
  static func failure(of probe: PodPlan.Probe, at address: String) async -> String? {
    let outcome = await PlainHTTP.request(
      "GET", probe.path, host: "\(address):\(probe.port)",
      headers: ["User-Agent: kube-probe/1.33", "Accept: */*"], to: .tcp(address, probe.port),
      within: .seconds(probe.timeout))
    let url = "http://\(address):\(probe.port)\(probe.path)"
    switch outcome {
    case .answered(200..<400): return nil
    case .answered(let status): return "HTTP probe failed with statuscode: \(status)"
    case .refused: return "Get \"\(url)\": dial tcp \(address):\(probe.port): connect: connection refused"
    case .timedOut:
      return "Get \"\(url)\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    case .failed(let reason): return "Get \"\(url)\": \(reason)"
    }
  }
}
