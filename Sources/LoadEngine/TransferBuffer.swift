internal import Bench
internal import CLibcurl

/// A fixed number of transfers to one URL, at addresses that do not change.
///
/// Confined to the engine's thread. Whoever added a transfer to a `CurlMulti` removes it before the buffer's end.
struct TransferBuffer: ~Copyable {
  let count: Int
  private let start: UnsafeMutablePointer<Transfer>
  /// What libcurl reads instead of asking the system for the host's address; one list for all transfers.
  private let resolve: UnsafeMutablePointer<curl_slist>?

  /// `count` transfers to `path` with the header lines, a form of `formWidth` bytes (0 for none) and room for answers.
  init(
    count: Int, _ configuration: EngineConfiguration, path: String, headers: [String], formWidth: Int,
    bodyCapacity: Int
  ) throws(EngineError) {
    start = .allocate(capacity: count)
    resolve = configuration.resolve.flatMap { curl_slist_append(nil, $0) }
    for number in 0..<count {
      guard let transfer = Transfer(headers: headers, formWidth: formWidth, bodyCapacity: bodyCapacity) else {
        Self.free(start, number, resolve)
        throw .outOfMemory
      }
      (start + number).initialize(to: transfer)
      transfer.attach(to: start + number, url: configuration.origin + path, timeout: configuration.timeout)
      transfer.trust(configuration, resolve)
    }
    self.count = count
  }

  deinit { Self.free(start, count, resolve) }

  private static func free(
    _ start: UnsafeMutablePointer<Transfer>, _ count: Int, _ resolve: UnsafeMutablePointer<curl_slist>?
  ) {
    for number in 0..<count { start[number].free() }
    start.deallocate()
    curl_slist_free_all(resolve)
  }

  subscript(number: Int) -> UnsafeMutablePointer<Transfer> { start + number }

  /// The number of a transfer of this buffer.
  func number(of transfer: UnsafeMutablePointer<Transfer>) -> Int { transfer - start }
}

extension EngineError {
  /// libcurl could not allocate a handle.
  static var outOfMemory: EngineError {
    EngineError(code: .setUp, attempted: "preparing libcurl", cause: "no memory", remedy: "Lower --connections.")
  }
}
