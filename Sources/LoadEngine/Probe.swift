internal import Bench
internal import CLibcurl

/// One request at a time to a URL, with the buffers that it needs; the connection is kept by the multi handle.
///
/// Confined to one thread. Its owner has the multi handle, is told by it which probe has ended, and must `free` it
/// before that handle.
final class Probe {
  private let target: Target
  private let names: HeaderNames
  private let transfer: UnsafeMutablePointer<Transfer>

  /// How a request ended.
  struct Answer {
    var sent: MonotonicTime
    var received: MonotonicTime
    var result: CURLcode
    var status: Int
    /// libcurl wanted to send it again and was stopped.
    var resendBlocked: Bool
    /// The answer was longer than there was room for.
    var isCut: Bool
    /// Who answered; empty when the answer does not say.
    var pod: String
    var body: [UInt8]
  }

  /// A probe of `url` with room for a body of `bodyWidth` bytes and an answer of `capacity`.
  init(
    _ url: String, headers: [String], bodyWidth: Int = 0, capacity: Int, _ configuration: EngineConfiguration,
    _ multi: borrowing CurlMulti
  ) throws(EngineError) {
    target = try Target(url, configuration)
    let names = HeaderNames(configuration)
    guard let made = Transfer(headers: headers, formWidth: bodyWidth, bodyCapacity: capacity, names) else {
      names.free()
      throw .outOfMemory
    }
    self.names = names
    transfer = .allocate(capacity: 1)
    transfer.initialize(to: made)
    made.attach(to: transfer, url: target.url, timeout: configuration.timeout)
    target.apply(to: made.easy)
    multi.watchSockets(of: made.easy)
  }

  /// Ends what is under way, and frees everything.
  func free(_ multi: borrowing CurlMulti) {
    multi.remove(transfer.pointee.easy)
    transfer.pointee.free()
    transfer.deallocate()
    names.free()
  }

  /// True for the probe that a multi handle names by this pointer.
  func isAt(_ place: UnsafeMutableRawPointer) -> Bool { place == UnsafeMutableRawPointer(transfer) }

  /// Sends the request; `query` takes the place of what the URL has after `?`, a `body` makes it a POST, no `limit` may
  /// last for ever.
  func start(
    query: String? = nil, body: String? = nil, limit: Duration?, at now: MonotonicTime, _ multi: borrowing CurlMulti
  ) {
    if let query { curl_url_set(target.url, CURLUPART_QUERY, query, 0) }
    if let body { transfer.pointee.post(text: body) } else { transfer.pointee.get() }
    transfer.pointee.setLimit(limit)
    transfer.pointee.rewind()
    transfer.pointee.began = now
    multi.add(transfer.pointee.easy)
  }

  /// Ends the request under way, of which no answer comes then.
  func abandon(_ multi: borrowing CurlMulti) { multi.remove(transfer.pointee.easy) }

  /// What has come of a good answer since it was last asked for; nil when there is nothing new.
  func part() -> [UInt8]? {
    guard transfer.pointee.bodyCount > 0, transfer.pointee.integer(CURLINFO_RESPONSE_CODE) == 200 else { return nil }
    defer { transfer.pointee.forgetBody() }
    return Array(transfer.pointee.answer)
  }

  /// True when more came than there was room for.
  var isCut: Bool { transfer.pointee.isCut }

  /// Who answers, as far as is known; empty when the answer does not say.
  var pod: String {
    transfer.pointee.findResponder()
    return String(decoding: transfer.pointee.responder.pod, as: UTF8.self)
  }

  /// The answer of a request that has ended.
  func collect(_ result: CURLcode, _ multi: borrowing CurlMulti) -> Answer {
    multi.remove(transfer.pointee.easy)
    return Answer(
      sent: transfer.pointee.began, received: MonotonicTime.now, result: result,
      status: transfer.pointee.integer(CURLINFO_RESPONSE_CODE), resendBlocked: transfer.pointee.sends > 1,
      isCut: isCut, pod: pod, body: Array(transfer.pointee.answer))
  }
}
