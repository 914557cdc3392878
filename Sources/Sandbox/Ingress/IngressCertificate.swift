import FoundationEssentials

/// The certificate of a host, from the Secret that an Ingress names, or why there is none.
///
/// Without one the ingress's own default certificate is used, as in ingress-nginx.
enum IngressCertificate: Equatable, Sendable {
  /// The two parts in PEM, and the name that nginx knows them by: another one whenever the Secret changes.
  case found(name: String, pem: String)
  /// The reason of the Event, and its message.
  case missing(reason: String, message: String)

  /// Looks into a Secret; nil for one that is not there.
  init(_ claim: IngressRules.Claim, secret: JSON?) {
    let place = "\(claim.namespace)/\(claim.secret)"
    let instead = "Using default certificate"
    guard !claim.secret.isEmpty else {
      self = .missing(
        reason: "MissingSecret",
        message: "Host \"\(claim.host)\" is listed in the TLS section but secretName is empty. \(instead)")
      return
    }
    guard let secret else {
      self = .missing(
        reason: "MissingSecret",
        message:
          "Error getting SSL certificate \"\(place)\": local SSL certificate \(place) was not found. \(instead)")
      return
    }
    let parts = ["tls.crt", "tls.key"].map { secret["data", $0].string.flatMap(Base64.bytes) ?? [] }
    guard parts.allSatisfy({ !$0.isEmpty }) else {
      self = .missing(
        reason: "InvalidSecret",
        message: "Error obtaining X.509 certificate: secret \"\(place)\" contains no keypair. \(instead)")
      return
    }
    let version = secret["metadata", "resourceVersion"].string ?? ""
    self = .found(
      name: "\(place)/\(version)", pem: parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n"))
  }

  /// What is said of a Secret that nginx could not use.
  static func refused(_ claim: IngressRules.Claim) -> IngressCertificate {
    .missing(
      reason: "InvalidSecret",
      message: "Error obtaining X.509 certificate: secret \"\(claim.namespace)/\(claim.secret)\" holds no certificate "
        + "with its key. Using default certificate")
  }
}
