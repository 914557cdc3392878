import Glibc

/// The user that the sandbox's processes run as when it was started by root.
///
/// PostgreSQL refuses to run as root, and nothing else here needs to.
package struct UnprivilegedAccount: Sendable, Equatable {
  /// The user's number.
  package var uid: UInt32
  /// Its group's number.
  package var gid: UInt32

  /// The account to drop to: nil for a plain user, who runs everything as himself.
  ///
  /// `postgres` where Debian's package has made it, else `nobody`, which every system has.
  package static func needed() -> UnprivilegedAccount? {
    guard geteuid() == 0 else { return nil }
    return named("postgres") ?? named("nobody") ?? UnprivilegedAccount(uid: 65_534, gid: 65_534)
  }

  private static func named(_ name: String) -> UnprivilegedAccount? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 4_096)
    guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
    return UnprivilegedAccount(uid: entry.pw_uid, gid: entry.pw_gid)
  }
}
