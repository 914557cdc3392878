internal import Bench
internal import CLibcurl

/// The parts of a vote's request that differ from vote to vote, written over in place: request id, cookie and form.
///
/// All have fixed widths, so every vote of a run has the same length. Nothing is allocated for a vote.
struct VoteText: ~Copyable {
  private let ballot: Ballot
  /// The forms of all choices one after another.
  private let forms: UnsafeMutablePointer<UInt8>
  /// Bytes of a vote's form.
  let formWidth: Int
  /// The header lines of a vote: request id, cookie, and what answer is wanted.
  let headers: [String]
  private let hasRevotes: Bool
  private let requestOffset: Int
  private let cookieOffset: Int

  init(_ ballot: Ballot, _ wire: VoteWire) {
    self.ballot = ballot
    hasRevotes = !ballot.electorate.isUnique
    let request = "X-Request-ID: vb-\(ballot.run)-"
    let cookie = "Cookie: \(wire.cookie)=\(ballot.voterPrefix)"
    requestOffset = request.utf8.count
    cookieOffset = cookie.utf8.count
    headers = [
      "X-Request-ID: \(ballot.requestID(of: 0))", "Cookie: \(wire.cookie)=\(ballot.voter(of: 0))",
      "Accept: application/json",
    ]
    let bytes = wire.forms(of: ballot.choices).flatMap { $0 }
    formWidth = bytes.count / ballot.choices.count
    forms = .allocate(capacity: bytes.count)
    forms.initialize(from: bytes, count: bytes.count)
  }

  deinit { forms.deallocate() }

  /// Writes vote `index` over the first two header lines, which begin at these places, and the form.
  func fill(
    _ index: Int, requestHeader: UnsafeMutablePointer<UInt8>, cookieHeader: UnsafeMutablePointer<UInt8>,
    form: UnsafeMutablePointer<UInt8>
  ) {
    var ordinal = ballot.ordinal(of: index).littleEndian
    memcpy(requestHeader + requestOffset, &ordinal, Ballot.ordinalWidth)
    if hasRevotes { ordinal = ballot.ordinal(of: ballot.voterNumber(of: index)).littleEndian }
    memcpy(cookieHeader + cookieOffset, &ordinal, Ballot.ordinalWidth + 1)
    memcpy(form, forms + ballot.choiceIndex(of: index) * formWidth, formWidth)
  }
}
