/// How the images that are built to fail do so: one fault for each thing that a load test has to notice.
///
/// Parsed from `VOTE_FAULT`; what it does to a vote is decided here, by the number of the vote, and done elsewhere.
enum Fault: Sendable, Equatable {
  /// Every n-th vote of this process is answered as always, but not pushed.
  case drop(every: Int)
  /// Every n-th vote is pushed for another choice, and answered as always.
  case wrongChoice(every: Int)
  /// Every n-th vote is pushed twice, as two messages.
  case duplicate(every: Int)
  /// Every n-th vote is answered with 500 and not pushed.
  case error(every: Int)
  /// Each answer to a vote waits for this long.
  case slow(by: Duration)
  /// Each vote leaves this many bytes of used memory behind.
  case leak(bytes: Int)
  /// The process exits with 1 this long after its start, and is not ready before.
  case crash(after: Duration)
  /// `/readyz` never says that it is ready; votes are taken all the same.
  case neverReady
  /// SIGTERM ends the process at once; requests in hand are lost.
  case abrupt

  /// What is done with one vote.
  enum Treatment: Sendable, Equatable {
    case push
    case pushNothing
    case pushOther
    case pushTwice
    case refuse
  }

  /// What `VOTE_FAULT` may be.
  static let forms = """
    drop:N, wrong-choice:N, duplicate:N, error:N, slow:DURATION, leak:SIZE, crash:DURATION, never-ready or abrupt \
    (such as drop:200, slow:300ms, leak:64Ki)
    """

  private static let longest = Duration.seconds(3600)
  private static let largest = 1 << 30

  /// Nil when the text is none of `forms`, or its number is 0 or beyond an hour or a gibibyte.
  init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let value = parts.count == 2 ? parts[1] : nil
    let every = value.flatMap { Self.number($0) }
    let duration = value.flatMap(Self.duration)
    let fault: Fault? =
      switch parts[0] {
      case "drop": every.map { .drop(every: $0) }
      case "wrong-choice": every.map { .wrongChoice(every: $0) }
      case "duplicate": every.map { .duplicate(every: $0) }
      case "error": every.map { .error(every: $0) }
      case "slow": duration.map { .slow(by: $0) }
      case "leak": value.flatMap(Self.size).map { .leak(bytes: $0) }
      case "crash": duration.map { .crash(after: $0) }
      case "never-ready" where value == nil: .neverReady
      case "abrupt" where value == nil: .abrupt
      default: nil
      }
    guard let fault else { return nil }
    self = fault
  }

  /// What becomes of the n-th vote of this process; the first is 1.
  func treatment(ofVote number: Int) -> Treatment {
    switch self {
    case .drop(let every) where number.isMultiple(of: every): .pushNothing
    case .wrongChoice(let every) where number.isMultiple(of: every): .pushOther
    case .duplicate(let every) where number.isMultiple(of: every): .pushTwice
    case .error(let every) where number.isMultiple(of: every): .refuse
    default: .push
    }
  }

  /// Decimal digits alone: no sign and no 0.
  private static func number(_ text: some StringProtocol) -> Int? {
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    return Int(text).flatMap { $0 > 0 ? $0 : nil }
  }

  /// Whole ms, s or m, up to an hour; nil for any other text.
  static func duration(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isNumber }
    guard let count = number(digits), count <= 3_600_000 else { return nil }
    let duration: Duration? =
      switch text.dropFirst(digits.count) {
      case "ms": .milliseconds(count)
      case "s": .seconds(count)
      case "m": .seconds(60 * count)
      default: nil
      }
    return duration.flatMap { $0 <= longest ? $0 : nil }
  }

  /// Bytes, also with Kubernetes' suffixes Ki and Mi.
  private static func size(_ text: String) -> Int? {
    let digits = text.prefix { $0.isNumber }
    guard let count = number(digits), count <= largest else { return nil }
    let bytes: Int? =
      switch text.dropFirst(digits.count) {
      case "": count
      case "Ki": count << 10
      case "Mi": count << 20
      default: nil
      }
    return bytes.flatMap { $0 <= largest ? $0 : nil }
  }
}
