internal import Bench
internal import CLibcurl

/// One URL of the target and how it is reached, as libcurl takes them: what every easy handle for it is told.
///
/// Confined to one thread; outlives the handles.
struct Target: ~Copyable {
  let url: OpaquePointer
  private let configuration: EngineConfiguration
  /// What libcurl reads instead of asking the system for the host's address.
  private let resolve: UnsafeMutablePointer<curl_slist>?

  /// `text` is a whole URL.
  init(_ text: String, _ configuration: EngineConfiguration) throws(EngineError) {
    guard let url = curl_url() else { throw .outOfMemory }
    let result = curl_url_set(url, CURLUPART_URL, text, 0)
    guard result == CURLUE_OK else {
      curl_url_cleanup(url)
      throw EngineError(
        code: .setUp, attempted: "reading the URL \(text)", cause: String(cString: curl_url_strerror(result)),
        remedy: "Give scheme, host and port, such as https://oggy.local:8443.")
    }
    self.url = url
    self.configuration = configuration
    resolve = configuration.resolve.flatMap { curl_slist_append(nil, $0) }
  }

  deinit {
    curl_url_cleanup(url)
    curl_slist_free_all(resolve)
  }

  /// Tells a handle how to connect: addresses, certificates, and what would only cost time.
  func apply(to easy: UnsafeMutableRawPointer) {
    if let resolve { vb_easy_set_pointer(easy, CURLOPT_RESOLVE, resolve) }
    set(easy, CURLOPT_CAINFO, configuration.caCertificate)
    set(easy, CURLOPT_SSLCERT, configuration.clientCertificate)
    set(easy, CURLOPT_SSLKEY, configuration.clientKey)
    set(easy, CURLOPT_INTERFACE, configuration.sourceAddress.map { "host!\($0)" })
    if configuration.acceptsAnyCertificate {
      vb_easy_set_long(easy, CURLOPT_SSL_VERIFYPEER, 0)
      vb_easy_set_long(easy, CURLOPT_SSL_VERIFYHOST, 0)
    }
    if let age = configuration.maximumConnectionAge {
      vb_easy_set_long(easy, CURLOPT_MAXLIFETIME_CONN, Int(age.seconds.rounded(.up)))
    }
    // libcurl would let go of connections that were idle for two minutes.
    vb_easy_set_long(easy, CURLOPT_MAXAGE_CONN, 1 << 30)
    // libcurl would wait for a look-up that hangs, and with it every other vote of the thread.
    vb_easy_set_long(easy, CURLOPT_QUICK_EXIT, 1)
    // A kept answer would hide that the name points elsewhere now.
    vb_easy_set_long(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0)
    // An empty text keeps libcurl from searching the environment for a proxy, each time.
    vb_easy_set_string(easy, CURLOPT_PROXY, "")
    vb_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
    vb_easy_set_long(easy, CURLOPT_NOPROGRESS, 1)
    vb_easy_set_long(easy, CURLOPT_HTTP_VERSION, httpVersion)
  }

  /// In plain text there is nothing to negotiate: HTTP/2 is spoken at once.
  private var httpVersion: Int {
    switch configuration.http {
    case .one: Int(CURL_HTTP_VERSION_1_1)
    case .two:
      Int(configuration.origin.hasPrefix("https:") ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
    }
  }

  private func set(_ easy: UnsafeMutableRawPointer, _ option: CURLoption, _ text: String?) {
    if let text { vb_easy_set_string(easy, option, text) }
  }
}

extension ConnectionTimes {
  /// What libcurl measured of the connection that `easy` opened, at the end of its use.
  ///
  /// Its times are counted from the beginning; 0 is not reached.
  init(of easy: UnsafeMutableRawPointer, began: MonotonicTime, vote: Int?) {
    func time(_ info: CURLINFO) -> Int64? {
      var microseconds: curl_off_t = 0
      vb_easy_get_offset(easy, info, &microseconds)
      return microseconds > 0 ? Int64(microseconds) : nil
    }
    let name = time(CURLINFO_NAMELOOKUP_TIME_T)
    let connect = time(CURLINFO_CONNECT_TIME_T)
    let tls = time(CURLINFO_APPCONNECT_TIME_T)
    let first = time(CURLINFO_STARTTRANSFER_TIME_T)
    func part(_ end: Int64?, since start: Int64?) -> Duration? {
      guard let end, let start else { return nil }
      return .microseconds(max(0, end - start))
    }
    self.init(
      began: began, vote: vote, nameLookup: part(name, since: 0), connect: part(connect, since: name),
      tls: part(tls, since: connect), firstByte: part(first, since: tls ?? connect))
  }
}
