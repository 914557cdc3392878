package import Bench
import FoundationEssentials
import Glibc

/// What a run is about to change in a cluster, on disk before it is changed: by it the cluster is put back after a run
/// that was killed.
///
/// A file `journal.ndjson` in the run's folder, one JSON object a line, each on the disk before `append` returns. A torn
/// last line was being written when the machine stopped, so what it announces has not begun: reading leaves it out.
package struct Journal: Sendable {
  /// Path of the file.
  package let path: String

  /// The journal in a run's folder.
  package init(folder: String) {
    path = folder + "/journal.ndjson"
  }

  /// True when there is one.
  package var exists: Bool { access(path, F_OK) == 0 }

  /// True when it has something to put back, or cannot be read and may have.
  package var hasOpen: Bool { exists && (try? read().open.isEmpty) != true }

  /// A line of it.
  package enum Entry: Sendable, Hashable {
    /// The first line: who runs, and which cluster it changes.
    case begin(JournalHeader)
    /// A workload as it was, before anything of it is changed; of several for one workload the first counts.
    case before(WorkloadSnapshot)
    /// A command line is about to be run, and changes these fields of a workload.
    case doing(Workload, String, [ChangedField])
    /// The command line ended, and so.
    case done(String, exit: Int)
    /// The workload is as it was, or as it is meant to be.
    case restored(Workload)
  }

  /// Writes a line; when this returns, it is on the disk.
  package func append(_ entry: Entry) throws(JournalError) {
    let text = JSONValue.line(of: entry) + "\n"
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("writing", errno) }
    defer { close(descriptor) }
    let end = try endOfWhole(descriptor)
    var rest = Array(text.utf8)[...]
    guard ftruncate(descriptor, off_t(end)) == 0, lseek(descriptor, off_t(end), SEEK_SET) >= 0 else {
      throw failure("writing", errno)
    }
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw failure("writing", errno) }
      rest = rest.dropFirst(written)
    }
    guard fsync(descriptor) == 0 else { throw failure("writing", errno) }
    if end == 0 { syncFolder() }
  }

  /// Reads it.
  package func read() throws(JournalError) -> JournalRecord {
    guard let data = try? Data(contentsOf: URL(filePath: path)) else { throw failure("reading", errno) }
    // What follows the last end of a line is torn, and empty when nothing is.
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
    var entries: [Entry] = []
    for (number, line) in lines.enumerated() {
      do {
        entries.append(try JSONDecoder().decode(Entry.self, from: line))
      } catch {
        throw JournalError(
          attempted: "reading \(path)", cause: "line \(number + 1) is not a line of a journal",
          remedy: "Look at it by hand: each 'before' is the workload as it was.")
      }
    }
    return try record(entries)
  }

  private func record(_ entries: [Entry]) throws(JournalError) -> JournalRecord {
    guard let first = entries.first else { return JournalRecord(header: nil) }
    guard case .begin(let header) = first, header.journal == JournalHeader.format else {
      throw JournalError(
        attempted: "reading \(path)", cause: "it does not begin as a \(JournalHeader.format)",
        remedy: "Use the votebench that wrote it.")
    }
    var record = JournalRecord(header: header)
    for entry in entries.dropFirst() { record.add(entry) }
    return record
  }

  /// The runs below `folder` that were ended before they had put everything back; a run that goes on is none.
  ///
  /// A journal that cannot be read is left out: `votebench restore` says what is wrong with it.
  package static func open(below folder: String) -> [(run: String, record: JournalRecord)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { name in
      let journal = Journal(folder: "\(folder)/\(name)")
      guard journal.exists, let record = try? journal.read(), !record.open.isEmpty,
        record.header?.isRunning == false
      else { return nil }
      return (name, record)
    }
  }

  /// Where the last whole line ends: a torn one is written over.
  private func endOfWhole(_ descriptor: Int32) throws(JournalError) -> Int {
    guard let data = try? Data(contentsOf: URL(filePath: path)) else { throw failure("reading", errno) }
    return data.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
  }

  /// The name of a new file is on the disk only with its folder; a file system that refuses this does it anyway.
  private func syncFolder() {
    let folder = Glibc.open(String(path.dropLast("/journal.ndjson".count)), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  private func failure(_ attempt: String, _ number: Int32) -> JournalError {
    JournalError(
      attempted: "\(attempt) \(path)", cause: String(cString: strerror(number)),
      remedy: "Check that it is there, that there is space and that you may write there.")
  }
}

/// Why a journal could not be written or read.
package struct JournalError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was attempted.
  package var attempted: String
  /// What happened.
  package var cause: String
  /// What to do.
  package var remedy: String

  /// One line for people.
  package var description: String { "\(attempted): \(cause). \(remedy)" }
}
