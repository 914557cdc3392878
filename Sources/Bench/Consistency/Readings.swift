/// Polls that cannot be true, by the code of what is wrong: the first of them in words, and how many there are.
struct Readings {
  private var cases: [Finding.Code: (first: Int, text: String, polls: Set<Int>)] = [:]

  /// Adds a poll; one that has been added with this code before counts once.
  mutating func add(_ code: Finding.Code, poll: Int, _ text: @autoclosure () -> String) {
    guard let known = cases[code] else {
      cases[code] = (poll, text(), [poll])
      return
    }
    cases[code]?.polls.insert(poll)
    if poll < known.first {
      cases[code]?.first = poll
      cases[code]?.text = text()
    }
  }

  /// One finding a code.
  var findings: [Finding] {
    cases.sorted { $0.key.rawValue < $1.key.rawValue }.map { code, readings in
      let text = readings.text
      return Finding(code, readings.polls.count == 1 ? text : "\(text); \(readings.polls.count) such readings")
    }
  }
}
