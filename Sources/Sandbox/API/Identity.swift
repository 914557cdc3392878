/// Who makes a request, as the API server knows it by the credentials.
struct Identity: Sendable, Hashable {
  /// Such as `system:serviceaccount:oggy:votebench`.
  var user: String
  /// The uid of a ServiceAccount; nil for anyone else.
  var uid: String?
  /// What a binding may name instead of the user.
  var groups: [String]

  /// Who may everything.
  static let masters = "system:masters"
  /// Whoever has credentials.
  static let authenticated = "system:authenticated"

  /// Whose certificate or token the sandbox made when it began.
  static let admin = Identity(user: "votebench", groups: [masters, authenticated])
  /// Whoever brings no credentials.
  static let anonymous = Identity(user: "system:anonymous", groups: ["system:unauthenticated"])

  /// A ServiceAccount as stored.
  static func account(_ account: JSON) -> Identity {
    Identity(
      user: accountUser(account.namespace, account.name), uid: account.uid,
      groups: ["system:serviceaccounts", "system:serviceaccounts:\(account.namespace)", authenticated])
  }

  /// The user that a ServiceAccount is.
  static func accountUser(_ namespace: String, _ name: String) -> String {
    "system:serviceaccount:\(namespace):\(name)"
  }
}
