package import Bench
internal import CLibcurl

/// What is known of one attempt to vote when it has ended, and what follows from it.
///
/// Source: the consistency model, section 3. Indeterminate is always the safe choice: it can weaken a verdict, never
/// make a false alarm. Refused must be proven, since a refused vote that shows up later is reported as an anomaly.
package struct Evidence: Sendable, Hashable {
  /// libcurl's result (CURLcode); 0 is success.
  package var curl: Int
  /// Status of the answer, 0 when there was none.
  package var status: Int
  /// Bytes of request written, all sends together (CURLINFO_REQUEST_SIZE).
  package var requestBytes: Int
  /// Bytes of one complete request, learned from the first clean vote; 0 while unknown.
  package var completeBytes: Int
  /// The answer's body says that the vote was taken.
  package var markerSeen: Bool
  /// libcurl wanted to send the vote a second time and was stopped.
  package var resendBlocked: Bool

  /// Evidence; see the members.
  package init(
    curl: Int, status: Int, requestBytes: Int, completeBytes: Int, markerSeen: Bool, resendBlocked: Bool = false
  ) {
    self.curl = curl
    self.status = status
    self.requestBytes = requestBytes
    self.completeBytes = completeBytes
    self.markerSeen = markerSeen
    self.resendBlocked = resendBlocked
  }

  /// Statuses by which the application or the ingress says that it did nothing.
  ///
  /// 2xx, 5xx (save 501) and 1xx are not.
  private static let refusing: Set<Int> = [
    301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 411, 412, 413, 414, 415, 417, 421, 422, 428, 429,
    431, 501,
  ]

  /// The outcome, by the master rule from top to bottom.
  package var outcome: Outcome {
    if (200...299).contains(status), markerSeen { return .accepted }
    if requestBytes == 0 { return .refused }
    // A complete first send may have happened before the one that failed.
    if curl == Int(CURLE_SEND_FAIL_REWIND.rawValue) { return .indeterminate }
    if curl == Int(CURLE_ABORTED_BY_CALLBACK.rawValue), completeBytes == 0 || requestBytes >= completeBytes {
      return .indeterminate
    }
    // HTTP/1.1 with Content-Length: an incomplete request cannot be executed.
    if completeBytes > 0, requestBytes < completeBytes { return .refused }
    if Self.refusing.contains(status), curl == 0 { return .refused }
    return .indeterminate
  }

  /// Why it was not accepted; none when it was.
  package var cause: Cause {
    if outcome == .accepted { return .none }
    if resendBlocked { return .resendBlocked }
    if curl != 0 { return .curl(curl) }
    return (200...299).contains(status) ? .markerMissing : .status(status)
  }

  /// Sends beyond the first, as far as the bytes prove them.
  package var resends: Int {
    guard completeBytes > 0, requestBytes > completeBytes else { return 0 }
    return (requestBytes - 1) / completeBytes
  }
}
