import FoundationEssentials
import Synchronization

/// The tokens that ServiceAccounts were given: they live as long as the server, and no longer than they say.
final class AccountTokens: Sendable {
  private struct Token {
    var namespace: String
    var name: String
    var uid: String
    var end: Date
  }

  private let issued = Mutex<[String: Token]>([:])

  /// A new token of a ServiceAccount.
  func issue(for account: JSON, until end: Date, now: Date) -> String {
    let text = "sandbox-" + (0..<32).map { _ in String(UInt8.random(in: 16 ... .max), radix: 16) }.joined()
    let token = Token(namespace: account.namespace, name: account.name, uid: account.uid, end: end)
    issued.withLock { issued in
      issued = issued.filter { $0.value.end > now }
      issued[text] = token
    }
    return text
  }

  /// Whose a token is; nil if it is nobody's, is over, or if its ServiceAccount is gone or another by now.
  func identity(of text: String, in store: ObjectStore) -> Identity? {
    guard let token = issued.withLock({ $0[text] }), token.end > store.now,
      let account = store.get(.serviceAccounts, namespace: token.namespace, name: token.name),
      account.uid == token.uid
    else { return nil }
    return .account(account)
  }
}
