/// Reading of the settings of the target: where it is, how it is trusted, what its answers say.
extension SettingsReader {
  mutating func target() -> RunProfile.Target {
    let target = readTarget()
    if target == .sandbox {
      refuse(
        [.resolve, .cacert, .export, .semantics, .choices, .voteField, .voterCookie, .accepted, .privateLabel],
        "the sandbox has its own; leave it out, or set --target")
    }
    return target
  }

  private mutating func readTarget() -> RunProfile.Target {
    value(.target, default: .sandbox, expected: "'sandbox' or a URL such as https://oggy.local:8443") { text in
      if text == "sandbox" { return .sandbox }
      let rest = text.hasPrefix("https://") ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
      let host = rest.hasSuffix("/") ? rest.dropLast() : rest
      guard !host.isEmpty, host.allSatisfy({ $0.isLetter || $0.isNumber || ".-:[]".contains($0) }) else { return nil }
      return .url(text.hasSuffix("/") ? String(text.dropLast()) : text)
    }
  }

  mutating func resolve() -> String? {
    optional(.resolve, expected: "HOST:PORT:ADDRESS") { text in
      let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      return parts.count == 3 && parts.allSatisfy { !$0.isEmpty } && UInt16(parts[1]) != nil ? text : nil
    }
  }

  /// A URL is read by psql, from the table of the well-known voting app; anything else is a command of /bin/sh.
  mutating func export() -> [String]? {
    optional(.export, expected: "a command that prints VOTER<TAB>CHOICE a line, or postgresql://...") { text in
      if text.allSatisfy(\.isWhitespace) { return nil }
      guard text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") else { return ["/bin/sh", "-c", text] }
      return text.contains(where: \.isWhitespace)
        ? nil
        : [
          "psql", "--no-psqlrc", "--quiet", "--no-password", "--set", "ON_ERROR_STOP=1", "--command",
          "copy (select id, vote from votes where id like '{prefix}%') to stdout", text,
        ]
    }
  }

  mutating func semantics() -> ConsistencyRules.Semantics {
    value(.semantics, default: .upsert, expected: "upsert or count") { ConsistencyRules.Semantics(rawValue: $0) }
  }

  /// A key alone proves nothing; a certificate's file may hold its key.
  mutating func key() -> String? {
    if !has(.cert) { refuse([.key], "needs --cert: a key is that of a certificate") }
    return text(.key)
  }

  mutating func control() -> String? {
    optional(.control, expected: "a URL such as https://other.example/health") { text in
      let rest = text.hasPrefix("https://") ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
      let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
      return isPlain && rest.first.map { $0.isLetter || $0.isNumber || $0 == "[" } == true ? text : nil
    }
  }

  // MARK: Voting and the tally

  /// Joined by commas; in an export and in a tally a choice is a word of a line.
  mutating func choices() -> [String] {
    value(.choices, default: ["a", "b"], expected: "1 to 64 different choices joined by commas, such as cats,dogs") {
      let choices = $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let isGood = choices.allSatisfy { !$0.isEmpty && $0.utf8.count <= 64 && Self.isLine($0) && !$0.contains("\t") }
      return isGood && choices.count <= 64 && Set(choices).count == choices.count && !choices.contains("total")
        ? choices : nil
    }
  }

  mutating func wire() -> VoteWire {
    var wire = VoteWire()
    wire.field = value(.voteField, default: wire.field, expected: "the name of a form's field") {
      $0.isEmpty || !Self.isLine($0) ? nil : $0
    }
    wire.cookie = value(.voterCookie, default: wire.cookie, expected: "the name of a cookie") {
      Self.isToken($0) ? $0 : nil
    }
    wire.accepted = optional(
      .accepted, expected: "what stands in the answer to a vote that was taken, with {choice} for the choice"
    ) { $0.contains("{choice}") ? $0 : nil }
    return wire
  }

  /// Where the tally is read; `--result-path` is a short form of one source.
  mutating func tallySources(_ choices: [String]) -> [TallySource] {
    let path = path(.resultPath, default: "/result")
    if has(.tally) { refuse([.resultPath], "stands against --tally: give one of them") }
    let hasLabels = text(.privateLabel) == "true"
    var sources: [TallySource] = []
    for setting in all(.tally) {
      guard let source = TallySource(setting.text, choices: choices) else {
        report(
          setting.place,
          "expected json:PATH[#POINTER], html:PATH#TEXT*TEXT with {choice} in it, sse:PATH[#POINTER], "
            + "socket.io:PATH[#EVENT] or command:COMMAND, not '\(setting.text)'")
        continue
      }
      if hasLabels, !source.picking.hasAnyLabel {
        report(
          setting.place,
          "cannot show labels of the run alone, as --private-label needs them: give one that shows the "
            + "count of any label")
      }
      if sources.contains(source) { report(setting.place, "is given twice") }
      sources.append(source)
    }
    return sources.isEmpty ? [TallySource(jsonAt: path)] : sources
  }

  // MARK: What requests and answers carry

  /// What votebench says itself in each request, and what frames it.
  private static let ownHeaders: Set = [
    "host", "cookie", "content-type", "content-length", "x-request-id", "connection", "transfer-encoding", "expect",
    "keep-alive", "proxy-connection", "te", "trailer", "upgrade",
  ]

  mutating func headers() -> [RunProfile.Header] {
    all(.header).compactMap { setting in
      let parts = setting.text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, Self.isToken(parts[0]), Self.isLine(parts[1]) else {
        report(setting.place, "expected a header such as 'Name: value', not '\(setting.text)'")
        return nil
      }
      if Self.ownHeaders.contains(parts[0].lowercased()) {
        report(setting.place, "\(parts[0]) is votebench's own to say; leave it out")
        return nil
      }
      let value = parts[1].drop { $0 == " " || $0 == "\t" }
      return RunProfile.Header(name: String(parts[0]), value: String(value))
    }
  }

  mutating func headerName(_ key: Settings.Key, default fallback: String) -> String {
    value(key, default: fallback, expected: "the name of a header") { Self.isToken($0) ? $0 : nil }
  }

  mutating func podPattern() -> String? {
    if has(.podPattern) { refuse([.podHeader], "stands against --pod-pattern: give one of them") }
    return optional(.podPattern, expected: "text with one * between its beginning and its end, such as 'pod: *<'") {
      text in
      let sides = text.split(separator: "*", omittingEmptySubsequences: false)
      return sides.count == 2 && sides.allSatisfy { !$0.isEmpty } ? text : nil
    }
  }

  /// A name as RFC 9110 has it.
  private static func isToken(_ text: some StringProtocol) -> Bool {
    !text.isEmpty
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "!#$%&'*+-.^_`|~".contains($0)) }
  }

  /// No line break, which would begin a header of its own, and no other control character but the tabulator.
  private static func isLine(_ text: some StringProtocol) -> Bool {
    text.utf8.allSatisfy { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }
  }
}
