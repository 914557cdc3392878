import Bench
import Glibc

/// `votes.ledger` of a run: everything that the verdict on its votes rests on, written as the run goes.
///
/// Votes, polls and notes are handed to the kernel at once, rows of the export in batches.
final class LedgerFile {
  private let file: AppendedFile
  private let isKept: Bool
  private var heading: LedgerHeading?
  private var rows: [UInt8] = []
  private var changeTold: MonotonicTime?
  /// A change as it was seen last, where that has not been told yet.
  private var untold: RolloutRecord?
  /// What kept the ledger from being whole, nil when it is.
  var problem: String? { file.problem }

  /// The ledger at `path`; nothing is written without `isKept`.
  init(path: String, isKept: Bool) {
    file = AppendedFile(path: path)
    self.isKept = isKept
  }

  /// Makes the file, with what was polled before the first vote.
  ///
  /// It stays locked as long as this process lives, by which others know that the run is under way.
  func begin(_ heading: LedgerHeading, baseline: [TallySample]) {
    guard isKept else { return }
    self.heading = heading
    file.begin(isLocked: true)
    file.write(LedgerRecord.magic)
    add(.begin(heading))
    for sample in baseline { add(.poll(sample: sample, isBaseline: true)) }
  }

  /// Adds votes that have come back.
  func add(_ votes: [Observation]) {
    guard let heading else { return }
    file.write(LedgerRecord.bytes(of: votes, origin: heading.origin))
  }

  /// Adds a note, after the rows before it.
  func add(_ note: LedgerNote) {
    guard let heading else { return }
    LedgerRecord.note(note).append(to: &rows, of: heading)
    flush()
  }

  /// Adds a change as it stands, so that a run that is killed leaves what it saw of it.
  ///
  /// Once a second at most: what comes sooner waits for `tick`.
  func add(changing record: RolloutRecord, at now: MonotonicTime) {
    untold = record
    tick(at: now)
  }

  /// Tells what waits for its second.
  func tick(at now: MonotonicTime) {
    guard let record = untold, changeTold.map({ now - $0 >= .seconds(1) }) ?? true else { return }
    changeTold = now
    add(changed: record)
  }

  /// Adds the last word on a change.
  func add(changed record: RolloutRecord) {
    untold = nil
    add(.rollout(record: record))
  }

  /// Adds a row of the export.
  func add(_ row: LedgerRecord) {
    guard let heading else { return }
    row.append(to: &rows, of: heading)
    if rows.count >= 1 << 16 { flush() }
  }

  private func flush() {
    file.write(rows)
    rows.removeAll(keepingCapacity: true)
  }

  // MARK: Reading

  /// True while the run that writes the ledger at `path` is under way.
  static func isBeingWritten(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// Goes through the ledger at `path`, without polls and notes where nobody needs them; gives how many bytes at its end
  /// are no whole record.
  @discardableResult
  static func read(
    _ path: String, readsNotes: Bool = true, _ body: (LedgerRecord) -> Void
  ) throws(RunFailure) -> Int {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    var scanner = LedgerScanner(readsNotes: readsNotes)
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = piece.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(path) }
      guard count > 0 else { return scanner.torn }
      do throws(LedgerScanner.Damage) {
        try scanner.read(count == piece.count ? piece : Array(piece[..<count]), body)
      } catch {
        throw RunFailure(
          "\(path) cannot be judged: \(error). It was changed, or another version wrote it: take the file as the run left "
            + "it, and the votebench that summary.json names.")
      }
    }
  }

  private static func unreadable(_ path: String) -> RunFailure {
    RunFailure("reading \(path): \(String(cString: strerror(errno))). Check that it is a file that you may read.")
  }
}
