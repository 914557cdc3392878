import FoundationEssentials
import Glibc

/// The sandboxes of this user: found by their folders, known by the pid and start time of their processes.
package enum SandboxRegistry {
  /// A sandbox that has become ready at some time.
  package struct Entry: Sendable, Equatable {
    /// What it wrote when it was ready.
    package var info: SandboxInfo
    /// Whether its process still runs; if not, the next start removes what is left.
    package var isAlive: Bool
  }

  /// A folder without a journal is one that is just being made; after this many seconds it is a leftover.
  private static let youngest = 60.0

  /// All of this user's sandboxes, by folder.
  ///
  /// Ones that are still starting are not among them.
  package static func sandboxes(in base: String = SandboxFolder.defaultBase) -> [Entry] {
    folders(in: base).compactMap { folder in
      guard let data = try? Data(contentsOf: URL(filePath: "\(folder)/\(SandboxServer.infoName)")),
        let info = try? JSONDecoder().decode(SandboxInfo.self, from: data)
      else { return nil }
      return Entry(info: info, isAlive: ProcessIdentity(pid: info.pid, startTime: info.startTime).isAlive)
    }
  }

  /// Ends a sandbox: asks its process to, and after 20 s kills it; then nothing of it is left.
  package static func end(_ info: SandboxInfo) async {
    let owner = ProcessIdentity(pid: info.pid, startTime: info.startTime)
    owner.send(SIGTERM)
    await awaitEnd(of: [owner], within: .seconds(20))
    owner.send(SIGKILL)
    await awaitEnd(of: [owner], within: .seconds(2))
    await remove(info.folder)
  }

  /// Removes what sandboxes left whose process is gone, by a kill or a crash: processes first, then folders.
  ///
  /// Returns the folders that were removed.
  @discardableResult
  package static func cleanLeftovers(in base: String = SandboxFolder.defaultBase) async -> [String] {
    var removed: [String] = []
    for folder in folders(in: base) where isLeftover(folder) {
      await remove(folder)
      removed.append(folder)
    }
    return removed
  }

  private static func folders(in base: String) -> [String] {
    let home = SandboxFolder.home(in: base)
    // A folder that somebody else put there is not looked into.
    guard isOwn(home), let names = try? FileManager.default.contentsOfDirectory(atPath: home) else { return [] }
    return names.sorted().map { "\(home)/\($0)" }.filter(isOwn)
  }

  private static func isOwn(_ folder: String) -> Bool {
    var status = stat()
    guard lstat(folder, &status) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
  }

  private static func isLeftover(_ folder: String) -> Bool {
    if let owner = ProcessJournal(folder: folder).owner { return !owner.isAlive }
    var status = stat()
    guard lstat(folder, &status) == 0 else { return false }
    return Date().timeIntervalSince1970 - Double(status.st_mtim.tv_sec) > youngest
  }

  private static func remove(_ folder: String) async {
    let processes = ProcessJournal(folder: folder).processes()
    for process in processes { process.send(SIGTERM) }
    await awaitEnd(of: processes, within: .seconds(3))
    for process in processes { process.send(SIGKILL) }
    await awaitEnd(of: processes, within: .seconds(2))
    SandboxFolder.remove(folder)
  }

  private static func awaitEnd(of processes: [ProcessIdentity], within limit: Duration) async {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline, processes.contains(where: \.isAlive) {
      try? await Task.sleep(for: .milliseconds(20))
    }
  }
}
