internal import Bench
internal import CLibcurl

/// One connection's worth of work: a reused easy handle and the buffers that libcurl reads from and writes to.
///
/// Nothing is set anew for a vote: voter, request id and choice have fixed widths and are written over in place, in
/// memory that libcurl reads when it sends. Confined to the engine's thread; lives at one address for the whole run.
struct Transfer {
  let easy: UnsafeMutableRawPointer
  private let headers: UnsafeMutablePointer<curl_slist>
  private let form: UnsafeMutablePointer<CChar>
  private let body: UnsafeMutablePointer<UInt8>
  private let bodyCapacity: Int
  private let pod: UnsafeMutablePointer<UInt8>
  private(set) var bodyCount = 0
  private(set) var podCount = 0
  /// Times that libcurl was about to send the request.
  private(set) var sends = 0

  /// A vote in hand: its index, when it was due and handed over, and our own lateness in nanoseconds.
  struct Vote {
    var index = -1
    var intended = MonotonicTime(nanoseconds: 0)
    var actual = MonotonicTime(nanoseconds: 0)
    var startLag: Int64 = 0
  }
  var vote = Vote()

  private static let formPrefix = "vote="
  private static let cookieHeader = "Cookie: voter_id="
  private static let requestHeader = "X-Request-ID: "
  private static let podCapacity = 64

  /// The header lines of a vote, in the order that `fill` relies on.
  static func headers(_ ballot: Ballot) -> [String] {
    [requestHeader + ballot.requestID(of: 0), cookieHeader + ballot.voter(of: 0), "Accept: application/json"]
  }

  /// Bytes of a vote's form; all choices are of one length.
  static func formWidth(_ ballot: Ballot) -> Int {
    formPrefix.utf8.count + (ballot.choices.first?.utf8.count ?? 0)
  }

  /// A transfer with the given fixed header lines, a form of `formWidth` bytes (0 for none) and room for an answer.
  init?(headers lines: [String], formWidth: Int, bodyCapacity: Int) {
    guard let easy = curl_easy_init() else { return nil }
    guard let list = Self.list(of: lines) else {
      curl_easy_cleanup(easy)
      return nil
    }
    self.easy = easy
    headers = list
    form = .allocate(capacity: formWidth + 1)
    form.initialize(repeating: 0, count: formWidth + 1)
    if formWidth > 0 { Self.overwrite(form, after: "", Self.formPrefix) }
    body = .allocate(capacity: bodyCapacity)
    self.bodyCapacity = bodyCapacity
    pod = .allocate(capacity: Self.podCapacity)
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
    pod.deallocate()
  }

  var answer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: body, count: bodyCount) }
  var podName: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: pod, count: podCount) }

  /// Forgets the last answer, before the handle is used again.
  mutating func rewind() {
    bodyCount = 0
    podCount = 0
    sends = 0
  }

  /// Writes vote `index` of `ballot` over the last one: the header lines are request id, then cookie.
  mutating func fill(_ ballot: Ballot, _ index: Int) {
    Self.overwrite(headers.pointee.data, after: Self.requestHeader, ballot.requestID(of: index))
    Self.overwrite(headers.pointee.next?.pointee.data, after: Self.cookieHeader, ballot.voter(of: index))
    Self.overwrite(form, after: Self.formPrefix, ballot.choice(of: index))
  }

  /// Makes `url` and the guard against re-sends known to the handle.
  ///
  /// `self` stays at `place` from now on.
  func attach(to place: UnsafeMutablePointer<Transfer>, url: String, timeout: Duration) {
    vb_easy_set_string(easy, CURLOPT_URL, url)
    vb_easy_set_pointer(easy, CURLOPT_PRIVATE, place)
    vb_easy_set_pointer(easy, CURLOPT_HTTPHEADER, headers)
    vb_easy_set_pointer(easy, CURLOPT_WRITEDATA, place)
    vb_easy_set_pointer(easy, CURLOPT_HEADERDATA, place)
    vb_easy_set_pointer(easy, CURLOPT_PREREQDATA, place)
    vb_easy_set_write(easy, receiveBody)
    vb_easy_set_header(easy, receiveHeader)
    vb_easy_set_prereq(easy, refuseSecondSend)
    vb_easy_set_long(easy, CURLOPT_TIMEOUT_MS, Int(timeout.milliseconds.rounded(.up)))
    vb_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
    vb_easy_set_long(easy, CURLOPT_NOPROGRESS, 1)
    vb_easy_set_string(easy, CURLOPT_PROXY, "")
    vb_easy_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
  }

  /// Sets whom the handle believes: addresses of `resolve`, which must outlive it, and certificates.
  func trust(_ configuration: EngineConfiguration, _ resolve: UnsafeMutablePointer<curl_slist>?) {
    if let resolve { vb_easy_set_pointer(easy, CURLOPT_RESOLVE, resolve) }
    if let file = configuration.caCertificate { vb_easy_set_string(easy, CURLOPT_CAINFO, file) }
    if configuration.acceptsAnyCertificate {
      vb_easy_set_long(easy, CURLOPT_SSL_VERIFYPEER, 0)
      vb_easy_set_long(easy, CURLOPT_SSL_VERIFYHOST, 0)
    }
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

  fileprivate mutating func append(_ bytes: UnsafePointer<CChar>, _ count: Int) {
    // An answer beyond the buffer is cut: what proves a vote stands at its beginning.
    let room = min(count, bodyCapacity - bodyCount)
    bytes.withMemoryRebound(to: UInt8.self, capacity: count) { (body + bodyCount).update(from: $0, count: room) }
    bodyCount += room
  }

  fileprivate mutating func header(_ bytes: UnsafePointer<CChar>, _ count: Int) {
    let name: StaticString = "x-pod:"
    guard count > name.utf8CodeUnitCount else { return }
    for place in 0..<name.utf8CodeUnitCount
    where UInt8(bitPattern: bytes[place]) | 0x20 != name.utf8Start[place] | 0x20 { return }
    podCount = 0
    for place in name.utf8CodeUnitCount..<count where podCount < Self.podCapacity {
      let byte = UInt8(bitPattern: bytes[place])
      guard byte > 0x20, byte < 0x7F else { continue }
      pod[podCount] = byte
      podCount += 1
    }
  }

  fileprivate mutating func maySend() -> Bool {
    sends += 1
    return sends == 1
  }

  private static func overwrite(_ line: UnsafeMutablePointer<CChar>?, after prefix: String, _ text: String) {
    guard let line else { return }
    var place = prefix.utf8.count
    for byte in text.utf8 {
      line[place] = CChar(bitPattern: byte)
      place += 1
    }
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
  place.assumingMemoryBound(to: Transfer.self).pointee.header(bytes, size * count)
  return size * count
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
