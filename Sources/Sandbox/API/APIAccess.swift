/// Who a client is: the admin with a client certificate or with the sandbox's own token, a ServiceAccount with one of
/// its tokens, and nobody without credentials.
struct APIAccess: Sendable {
  /// The admin's token; nil if there is none.
  var token: String?
  /// Those of ServiceAccounts.
  var tokens = AccountTokens()

  /// Throws `unauthorized` for credentials that are wrong.
  ///
  /// `clientVerify` is what the TLS server says of the client's certificate.
  func identity(
    clientVerify: String?, authorization: String?, store: ObjectStore
  ) throws(APIStatus) -> Identity {
    guard clientVerify != "SUCCESS" else { return .admin }
    guard let authorization else { return .anonymous }
    let words = authorization.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer" else { throw APIStatus(.unauthorized, "Unauthorized") }
    if let token, Self.areEqual(words[1], token) { return .admin }
    guard let account = tokens.identity(of: String(words[1]), in: store) else {
      throw APIStatus(.unauthorized, "Unauthorized")
    }
    return account
  }

  // Takes as long for a near miss as for any other.
  private static func areEqual(_ given: Substring, _ token: String) -> Bool {
    guard given.utf8.count == token.utf8.count else { return false }
    return zip(given.utf8, token.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
