import FoundationEssentials
import Glibc
import Synchronization

/// A sandbox in a process of its own, held by this one: it ends when this process does, however that comes.
package final class SandboxChild: Sendable {
  /// Where it is and how to reach it.
  package let info: SandboxInfo
  private let process: ChildProcess
  private let lifeline: Lifeline
  private let base: String

  private init(info: SandboxInfo, process: ChildProcess, lifeline: Lifeline, base: String) {
    self.info = info
    self.process = process
    self.lifeline = lifeline
    self.base = base
  }

  /// Starts `EXECUTABLE sandbox serve --configuration JSON` and returns when it takes votes.
  ///
  /// It has a session of its own, so a Ctrl-C in the terminal does not reach it. Throws `ended` with its last lines if
  /// it ends before it is ready, and `notReady` after 30 s and what its pods take to start; then it is gone. A cancelled task ends it too.
  package static func start(
    _ configuration: SandboxConfiguration, executable: String
  ) async throws(SandboxError) -> SandboxChild {
    let lifeline = try Lifeline()
    let log = try UnlinkedFile(in: configuration.folderBase)
    let argument = (try? configuration.argument) ?? ""
    let spawn = ProcessSpawn(
      "the sandbox", session: [executable, "sandbox", "serve", "--configuration", argument],
      environment: ProcessInfo.processInfo.environment, input: lifeline.readEnd, output: log.descriptor)
    let process = try await ChildProcess.start(spawn, journal: nil)
    lifeline.closeReadEnd()
    do throws(SandboxError) {
      let info = try await awaitReady(
        process, configuration.folderBase, log, within: 30 + configuration.podStartup)
      return SandboxChild(info: info, process: process, lifeline: lifeline, base: configuration.folderBase)
    } catch {
      await end(process, lifeline, configuration.folderBase)
      throw error
    }
  }

  /// Ends it and waits until nothing of it is left; after 20 s it is killed.
  ///
  /// A second call returns at once.
  package func stop() async {
    await Self.end(process, lifeline, base)
  }

  /// Whether its process still runs.
  package var isAlive: Bool { process.endingSoFar == nil }

  private static func end(_ process: ChildProcess, _ lifeline: Lifeline, _ base: String) async {
    lifeline.cut()
    // The lifeline alone would do; the signal is for one that does not look at it yet.
    await process.stop(SIGTERM, within: .seconds(20))
    if process.endingSoFar == .signaled(SIGKILL) { await SandboxRegistry.cleanLeftovers(in: base) }
  }

  private static func awaitReady(
    _ process: ChildProcess, _ base: String, _ log: UnlinkedFile, within limit: Int
  ) async throws(SandboxError) -> SandboxInfo {
    let deadline = ContinuousClock.now + .seconds(limit)
    while ContinuousClock.now < deadline, !Task.isCancelled {
      let ready = SandboxRegistry.sandboxes(in: base).first { $0.isAlive && $0.info.pid == process.identity.pid }
      if let ready { return ready.info }
      if let ending = process.endingSoFar {
        throw SandboxError(
          .ended, attempted: "starting the sandbox", cause: log.lastLines(1),
          remedy: "(Its process ended with \(ending.exitCode).)")
      }
      try? await Task.sleep(for: .milliseconds(20))
    }
    throw SandboxError(
      .notReady, attempted: "starting the sandbox", cause: "it was not ready within \(limit) s: \(log.lastLines(3))",
      remedy: "If the machine is busy, try again.")
  }
}

/// A pipe that nothing is ever written to: its other end sees when this one is closed.
private final class Lifeline: Sendable {
  private struct Ends {
    var read: Int32?
    var write: Int32?
  }

  private let ends: Mutex<Ends>

  init() throws(SandboxError) {
    var pair: [Int32] = [0, 0]
    guard pipe(&pair) == 0 else { throw .system(errno, attempted: "making a pipe") }
    // Other children of this process must not hold it open.
    for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    ends = Mutex(Ends(read: pair[0], write: pair[1]))
  }

  var readEnd: Int32? { ends.withLock(\.read) }

  func closeReadEnd() {
    ends.withLock { ends in
      if let end = ends.read.take() { close(end) }
    }
  }

  func cut() {
    ends.withLock { ends in
      if let end = ends.write.take() { close(end) }
    }
  }

  deinit {
    closeReadEnd()
    cut()
  }
}

/// A file without a name, for what a child prints: it is gone with its last holder.
private final class UnlinkedFile: Sendable {
  let descriptor: Int32

  init(in base: String) throws(SandboxError) {
    var template = Array("\(base)/votebench-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw .system(errno, attempted: "making a file in \(base)") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, O_APPEND)
    unlink(template)
  }

  deinit { close(descriptor) }

  func lastLines(_ count: Int) -> String {
    let size = lseek(descriptor, 0, SEEK_END)
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let read = pread(descriptor, &buffer, buffer.count, max(0, size - buffer.count))
    return LogFile.lastLines(in: buffer.prefix(max(0, read)), count: count)
  }
}
