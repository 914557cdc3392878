internal import Bench
internal import CLibcurl

/// One request's worth of work of libcurl: a reused easy handle and the buffers that libcurl reads from and writes to.
///
/// Nothing is set anew for a vote: voter, request id and choice have fixed widths and are written over in place, in
/// memory that libcurl reads when it sends. Confined to one thread; lives at one address for the whole run.
struct Transfer {
  let easy: UnsafeMutableRawPointer
  private let headers: UnsafeMutablePointer<curl_slist>
  private let form: UnsafeMutablePointer<UInt8>
  private let body: UnsafeMutablePointer<UInt8>
  private let bodyCapacity: Int
  fileprivate let names: HeaderNames
  private(set) var responder = ResponderText()
  private(set) var bodyCount = 0
  /// More of the answer came than there was room for.
  private(set) var isCut = false
  /// The empty line after the header of the (last) answer was read.
  private(set) var headIsWhole = false
  /// Times that libcurl was about to send the request.
  private(set) var sends = 0
  private var connectsAtSending = 0
  /// It was sent on a connection of its own, or never, since that could not be opened.
  var isFresh: Bool { sends == 0 || connectsAtSending > 0 }
  /// When it was handed to libcurl.
  var began = MonotonicTime(nanoseconds: 0)
  /// The vote in it; nil when it opens a connection before the first vote.
  var vote: Int?
  /// How its last use ended.
  var result = CURLE_OK

  /// A transfer with the given fixed header lines, a form of `formWidth` bytes (0 for none) and room for an answer.
  init?(headers lines: [String], formWidth: Int, bodyCapacity: Int, _ names: HeaderNames) {
    guard let easy = curl_easy_init() else { return nil }
    guard let list = Self.list(of: lines) else {
      curl_easy_cleanup(easy)
      return nil
    }
    self.easy = easy
    self.names = names
    headers = list
    form = .allocate(capacity: formWidth + 1)
    form.initialize(repeating: 0, count: formWidth + 1)
    body = .allocate(capacity: bodyCapacity)
    self.bodyCapacity = bodyCapacity
  }

  /// Nil when there is no memory for every line.
  private static func list(of lines: [String]) -> UnsafeMutablePointer<curl_slist>? {
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        curl_slist_free_all(list)
        return nil
      }
      list = longer
    }
    return list
  }

  /// Frees everything; the handle must have been removed from its multi handle.
  func free() {
    curl_easy_cleanup(easy)
    curl_slist_free_all(headers)
    form.deallocate()
    body.deallocate()
    responder.free()
  }

  var answer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: body, count: bodyCount) }

  /// Forgets the last answer, before the handle is used again.
  mutating func rewind() {
    bodyCount = 0
    isCut = false
    headIsWhole = false
    responder.forget()
    sends = 0
  }

  /// Makes room for the next part of the answer.
  mutating func forgetBody() { bodyCount = 0 }

  /// Writes vote `index` over the last one: the first two header lines are request id and cookie.
  func fill(_ text: borrowing VoteText, _ index: Int) {
    guard let request = headers.pointee.data, let cookie = headers.pointee.next?.pointee.data else { return }
    text.fill(
      index, requestHeader: UnsafeMutableRawPointer(request).assumingMemoryBound(to: UInt8.self),
      cookieHeader: UnsafeMutableRawPointer(cookie).assumingMemoryBound(to: UInt8.self), form: form)
  }

  /// Makes `url` and the guard against re-sends known to the handle.
  ///
  /// `self` stays at `place` from now on; `url` outlives it.
  func attach(to place: UnsafeMutablePointer<Transfer>, url: OpaquePointer, timeout: Duration) {
    // Parsed once: libcurl would parse a text again for every vote.
    vb_easy_set_pointer(easy, CURLOPT_CURLU, UnsafeRawPointer(url))
    vb_easy_set_pointer(easy, CURLOPT_PRIVATE, place)
    vb_easy_set_pointer(easy, CURLOPT_HTTPHEADER, headers)
    vb_easy_set_pointer(easy, CURLOPT_WRITEDATA, place)
    vb_easy_set_pointer(easy, CURLOPT_HEADERDATA, place)
    vb_easy_set_pointer(easy, CURLOPT_PREREQDATA, place)
    vb_easy_set_write(easy, receiveBody)
    vb_easy_set_header(easy, receiveHeader)
    vb_easy_set_prereq(easy, refuseSecondSend)
    setLimit(timeout)
  }

  /// How long a use of the handle may take; nil for ever.
  func setLimit(_ limit: Duration?) {
    vb_easy_set_long(easy, CURLOPT_TIMEOUT_MS, limit.map { Int($0.milliseconds.rounded(.up)) } ?? 0)
  }

  /// What libcurl knows of the last use of the handle.
  func integer(_ info: CURLINFO) -> Int {
    var value = 0
    vb_easy_get_long(easy, info, &value)
    return value
  }

  /// Makes the handle GET from now on.
  func get() {
    vb_easy_set_long(easy, CURLOPT_HTTPGET, 1)
  }

  /// Makes the handle POST its form from now on.
  func post(bytes: Int) {
    vb_easy_set_long(easy, CURLOPT_POST, 1)
    vb_easy_set_pointer(easy, CURLOPT_POSTFIELDS, form)
    vb_easy_set_long(easy, CURLOPT_POSTFIELDSIZE, bytes)
  }

  /// Makes the handle POST a short text from now on, at most as long as there is room for a form.
  func post(text: String) {
    for (place, byte) in text.utf8.enumerated() { form[place] = byte }
    post(bytes: text.utf8.count)
  }

  fileprivate mutating func append(_ bytes: UnsafePointer<CChar>, _ count: Int) {
    // An answer beyond the buffer is cut: what proves a vote stands at its beginning.
    let room = min(count, bodyCapacity - bodyCount)
    if room > 0 { memcpy(body + bodyCount, bytes, room) }
    bodyCount += max(0, room)
    if room < count { isCut = true }
  }

  /// An empty line ends a head; a status line begins another, after an interim answer.
  fileprivate mutating func noteEnd(_ bytes: UnsafePointer<CChar>, _ first: UInt8, _ count: Int) {
    if first == 0x0D || first == 0x0A {
      headIsWhole = true
    } else if first == 0x48, count > 5, memcmp(bytes, "HTTP/", 5) == 0 {
      headIsWhole = false
      responder.forget()
    }
  }

  fileprivate mutating func header(_ bytes: UnsafePointer<CChar>, _ count: Int) {
    guard let colon = memchr(bytes, 0x3A, count) else { return }
    let width = UnsafeRawPointer(colon) - UnsafeRawPointer(bytes)
    bytes.withMemoryRebound(to: UInt8.self, capacity: count) { line in
      var (start, end) = (width + 1, count)
      while start < end, line[start] <= 0x20 { start += 1 }
      while end > start, line[end - 1] <= 0x20 { end -= 1 }
      let value = UnsafeBufferPointer(start: UnsafePointer(line) + start, count: end - start)
      switch names.kind(of: UnsafeBufferPointer(start: line, count: width)) {
      case .pod: responder.take(pod: value)
      case .version: responder.take(version: value)
      default: break
      }
    }
  }

  /// Looks for who answers in the body, where a pattern says so.
  mutating func findResponder() { responder.take(body: answer, names) }

  fileprivate mutating func maySend() -> Bool {
    sends += 1
    guard sends == 1 else { return false }
    // A blocked re-send opens a connection, too: that one is not the vote's.
    connectsAtSending = integer(CURLINFO_NUM_CONNECTS)
    return true
  }
}

private func receiveBody(
  bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, place: UnsafeMutableRawPointer?
) -> Int {
  guard let bytes, let place else { return 0 }
  place.assumingMemoryBound(to: Transfer.self).pointee.append(bytes, size * count)
  return size * count
}

private func receiveHeader(
  bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, place: UnsafeMutableRawPointer?
) -> Int {
  guard let bytes, let place else { return 0 }
  let transfer = place.assumingMemoryBound(to: Transfer.self)
  // libcurl's size is 1, always.
  guard count > 0 else { return 0 }
  let first = UInt8(bitPattern: bytes[0])
  transfer.pointee.noteEnd(bytes, first, count)
  // Most lines are none of ours.
  if transfer.pointee.names.mayNameResponder(first) { transfer.pointee.header(bytes, count) }
  return count
}

/// libcurl sends a request again by itself, POST included, when a kept connection closes without an answer (measured:
/// one clean 200, and the server had the vote twice).
///
/// It asks here before each send, so the second is refused.
private func refuseSecondSend(
  place: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?, _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32
) -> Int32 {
  guard let place, place.assumingMemoryBound(to: Transfer.self).pointee.maySend() else { return CURL_PREREQFUNC_ABORT }
  return CURL_PREREQFUNC_OK
}
