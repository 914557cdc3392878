import FoundationEssentials
import Glibc

/// The folder of one sandbox, `BASE/votebench-UID/ID`: everything it writes is in it.
///
/// The owner alone can look into it. Where root's sandbox drops to another user, that user may pass through
/// the upper two levels, and the parts that its processes need are given to it.
package struct SandboxFolder: Sendable {
  /// Its path.
  package let path: String
  /// The user that the processes run as, if not the owner.
  package let account: UnprivilegedAccount?

  /// The longest socket path in it, as the folder's own path counts against the 107 bytes of a Unix socket.
  private static let longestSocket = "/ingress/endpoints.sock"

  /// Where sandboxes go unless told: TMPDIR if that is short enough for sockets, else /tmp.
  package static var defaultBase: String {
    let wanted = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let base = wanted.hasSuffix("/") ? String(wanted.dropLast()) : wanted
    return base.isEmpty || !base.hasPrefix("/") || base.utf8.count > 48 ? "/tmp" : base
  }

  /// The folder that holds all sandboxes of this user.
  package static func home(in base: String) -> String {
    "\(base)/votebench-\(geteuid())"
  }

  /// Makes a new, empty folder.
  ///
  /// Throws `folderUnsafe` where the place belongs to somebody else, and `noSpace` below 300 MB.
  package static func create(in base: String, account: UnprivilegedAccount?) throws(SandboxError) -> SandboxFolder {
    let home = home(in: base)
    let mode: mode_t = account == nil ? 0o700 : 0o711
    guard mkdir(home, mode) == 0 || errno == EEXIST else {
      throw .system(errno, attempted: "making \(home)", code: .folderUnsafe)
    }
    try checkOwner(home, mode: mode)
    try checkSpace(home)
    for _ in 0..<100 {
      let folder = SandboxFolder(path: "\(home)/\(randomName())", account: account)
      guard folder.path.utf8.count + longestSocket.utf8.count <= 107 else { throw tooLong(folder.path) }
      guard mkdir(folder.path, mode) == 0 else {
        guard errno == EEXIST else { throw .system(errno, attempted: "making \(folder.path)") }
        continue
      }
      chmod(folder.path, mode)  // whatever the umask is
      return folder
    }
    throw .system(EEXIST, attempted: "making a folder in \(home)", code: .folderUnsafe)
  }

  private init(path: String, account: UnprivilegedAccount?) {
    self.path = path
    self.account = account
  }

  /// Makes a folder in it; one for the processes belongs to the user they run as.
  package func makeFolder(_ name: String, forProcesses: Bool = false) throws(SandboxError) -> String {
    let folder = "\(path)/\(name)"
    guard mkdir(folder, 0o700) == 0 else { throw .system(errno, attempted: "making \(folder)") }
    if forProcesses { try give(folder) }
    return folder
  }

  /// Writes a file in it, whole at once, that only its owner can read.
  package func write(_ text: String, to name: String, forProcesses: Bool = false) throws(SandboxError) {
    let file = "\(path)/\(name)"
    let part = "\(file).part"
    let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system(errno, attempted: "writing \(file)") }
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else {
        let reason = errno
        close(descriptor)
        throw .system(reason, attempted: "writing \(file)")
      }
      written += count
    }
    close(descriptor)
    if forProcesses { try give(part) }
    guard rename(part, file) == 0 else { throw .system(errno, attempted: "writing \(file)") }
  }

  /// Copies a program into it, where the processes' user can run it also if its home is private.
  package func copyProgram(_ source: String, to name: String) throws(SandboxError) -> String {
    let target = "\(path)/\(name)"
    guard access(source, X_OK) == 0 else {
      throw SandboxError(
        .programMissing, attempted: "copying \(source)", cause: String(systemError: errno),
        remedy: "Build it: swift build -c release --product votingd")
    }
    do {
      try FileManager.default.copyItem(atPath: source, toPath: target)
    } catch {
      throw .noSpace(attempted: "copying \(source) to \(path)", cause: "\(error)")
    }
    chmod(target, 0o500)
    try give(target)
    return target
  }

  /// Gives a file or folder to the user that the processes run as.
  package func give(_ file: String) throws(SandboxError) {
    guard let account else { return }
    guard chown(file, account.uid, account.gid) == 0 else { throw .system(errno, attempted: "giving \(file) away") }
  }

  /// Removes everything, and the user's folder of sandboxes if this was the last.
  package func remove() {
    Self.remove(path)
  }

  static func remove(_ path: String) {
    // A process that ends can still write a last file, so a second try is worth it.
    for _ in 0..<5 where access(path, F_OK) == 0 {
      // One by one: a file that somebody else put there must not save the others.
      for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
        try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
      }
      rmdir(path)
    }
    rmdir(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
  }

  /// Refuses a folder that another user made or could have put in the way.
  static func checkOwner(_ folder: String, mode: mode_t) throws(SandboxError) {
    var status = stat()
    guard lstat(folder, &status) == 0 else { throw .system(errno, attempted: "looking at \(folder)") }
    guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
      throw SandboxError(
        .folderUnsafe, attempted: "using \(folder)", cause: "it is no folder of this user's own",
        remedy: "Remove it, or set TMPDIR to another folder.")
    }
    chmod(folder, mode)
  }

  private static func checkSpace(_ folder: String) throws(SandboxError) {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { throw .system(errno, attempted: "looking at \(folder)") }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize) / 1_000_000
    guard free >= 300 else {
      rmdir(folder)
      throw .noSpace(attempted: "making a folder in \(folder)", cause: "only \(free) MB are free")
    }
  }

  private static func tooLong(_ path: String) -> SandboxError {
    SandboxError(
      .folderUnsafe, attempted: "making \(path)", cause: "the path is too long for Unix sockets (107 bytes)",
      remedy: "Set TMPDIR to a folder with a shorter path, such as /tmp.")
  }

  private static func randomName() -> String {
    String((0..<6).compactMap { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement() })
  }
}
