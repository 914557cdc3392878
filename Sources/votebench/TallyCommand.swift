import Bench
import LoadEngine
import Subprocess

/// A tally source that is a command: run at a steady rhythm, one at a time, for as long as the task lives.
struct TallyCommand: Sendable {
  /// For `/bin/sh -c`.
  var command: String
  /// What of its output is the tally.
  var picking: TallyPicking
  /// Which of the declared sources it is.
  var number: Int
  /// What can be voted for.
  var choices: [String]
  /// The time from one start to the next.
  var interval: Duration
  /// How long it may take.
  var limit: Duration

  /// What it prints beyond that is no tally.
  private static let capacity = 1 << 18

  /// Runs it until the task is cancelled, and tells each outcome.
  func run(_ tell: (EngineEvent) -> Void) async {
    var rhythm = Rhythm(from: .now, every: interval)
    while !Task.isCancelled {
      if rhythm.take(at: .now) { tell(await poll()) }
      try? await Task.sleep(for: max(.milliseconds(1), rhythm.due - .now))
    }
  }

  private func poll() async -> EngineEvent {
    let sent = MonotonicTime.now
    let output: [UInt8]
    do {
      let result = try await Subprocess.run(
        .name("timeout"), arguments: ["\(limit.seconds)", "/bin/sh", "-c", command], input: .none,
        output: .bytes(limit: Self.capacity), error: .discarded)
      guard result.terminationStatus.isSuccess else {
        return failed(result.terminationStatus == .exited(124) ? "timeout" : "\(result.terminationStatus)")
      }
      output = result.standardOutput
    } catch {
      return failed("it could not be run, or printed more than \(Self.capacity) bytes")
    }
    switch picking.counts(in: output, choices: choices) {
    case .success(let shown):
      var sample = TallySample(sent: sent, received: .now, counts: shown.counts, source: number)
      sample.rounding = shown.rounding
      return .tally(sample, pod: "")
    case .failure(let error): return failed(error.reason)
    }
  }

  private func failed(_ reason: String) -> EngineEvent { .tallyFailed(source: number, reason: reason) }
}
