/// The environment, read value by value; what is wrong with it gathers in `problems`.
struct Settings {
  let environment: [String: String]
  var problems: [String] = []

  init(environment: [String: String]) {
    self.environment = environment
  }

  /// A value that is set; the empty string counts as not set.
  func text(_ name: String) -> String? {
    guard let value = environment[name], !value.isEmpty else { return nil }
    return value
  }

  mutating func required(_ name: String) -> String {
    if let value = text(name) { return value }
    problems.append("\(name) is not set")
    return ""
  }

  mutating func port(_ name: String, default standard: Int) -> Int {
    guard let value = text(name) else { return standard }
    // Kubernetes sets REDIS_PORT=tcp://10.0.0.1:6379 in every pod of a namespace that has a Service "redis".
    let digits = value.hasPrefix("tcp://") ? value.split(separator: ":").last.map(String.init) ?? value : value
    if let port = Int(digits), (1...65_535).contains(port) { return port }
    problems.append("\(name)='\(value)': expected a port, 1 to 65535")
    return standard
  }

  mutating func redis() -> Configuration.Endpoint {
    Configuration.Endpoint(host: required("REDIS_HOST"), port: port("REDIS_PORT", default: 6379))
  }

  mutating func database() -> Configuration.Database {
    Configuration.Database(
      endpoint: Configuration.Endpoint(host: required("DB_HOST"), port: port("DB_PORT", default: 5432)),
      name: text("DB_NAME") ?? "votes", user: text("DB_USER") ?? "postgres", password: text("DB_PASSWORD"))
  }

  mutating func choices() -> [String] {
    let labels = (text("VOTE_CHOICES") ?? "a,b").split(separator: ",", omittingEmptySubsequences: false).map(
      String.init)
    for (index, label) in labels.enumerated() {
      if label.isEmpty || label.utf8.count > 255 || label.utf8.contains(where: { $0 < 0x20 }) {
        problems.append("VOTE_CHOICES: choice \(index + 1) has to have 1 to 255 bytes and no control characters")
      } else if label == "total" {
        problems.append("VOTE_CHOICES: 'total' is the name of the sum in the tally and cannot be a choice")
      } else if labels.firstIndex(of: label) != index {
        problems.append("VOTE_CHOICES: '\(label)' stands there twice")
      }
    }
    return labels
  }

  mutating func fault() -> Fault? {
    guard let value = text("VOTE_FAULT") else { return nil }
    if let fault = Fault(value) { return fault }
    problems.append("VOTE_FAULT='\(value)': expected \(Fault.forms)")
    return nil
  }

  mutating func pace() -> PodPace.Traits {
    PodPace.Traits(
      startup: duration("VOTE_STARTUP") ?? .zero, capacity: capacity(), warmup: duration("VOTE_WARMUP") ?? .zero)
  }

  private mutating func capacity() -> Int? {
    guard let value = text("VOTE_CAPACITY") else { return nil }
    if let number = Int(value), (1...100_000).contains(number) { return number }
    problems.append("VOTE_CAPACITY='\(value)': expected votes a second, 1 to 100000")
    return nil
  }

  private mutating func duration(_ name: String) -> Duration? {
    guard let value = text(name) else { return nil }
    if let duration = Fault.duration(value) { return duration }
    problems.append("\(name)='\(value)': expected a duration up to an hour, such as 500ms or 5s")
    return nil
  }

  mutating func workerMode(_ options: ArraySlice<String>) -> Configuration.WorkerMode {
    var mode = Configuration.WorkerMode()
    var rest = options
    while let option = rest.popFirst() {
      switch option {
      case "--unsafe": mode.isUnsafe = true
      case "--semantics": mode.semantics = semantics(rest.popFirst())
      case "--pause": mode.pause = duration(option, rest.popFirst())
      default: refuse([option])
      }
    }
    return mode
  }

  private mutating func semantics(_ value: String?) -> Configuration.Semantics {
    if let semantics = value.flatMap(Configuration.Semantics.init(rawValue:)) { return semantics }
    let given = value.map { "'\($0)'" } ?? "without a value"
    problems.append("--semantics \(given): expected upsert, count or at-least-once")
    return .upsert
  }

  /// How far a result frontend lags behind; nil when it does not.
  mutating func lag(_ options: ArraySlice<String>) -> Duration? {
    var lag: Duration?
    var rest = options
    while let option = rest.popFirst() {
      if option == "--stale" { lag = duration(option, rest.popFirst()) } else { refuse([option]) }
    }
    return lag
  }

  private mutating func duration(_ option: String, _ value: String?) -> Duration? {
    if let duration = value.flatMap(Fault.duration) { return duration }
    let given = value.map { "'\($0)'" } ?? "without a value"
    problems.append("\(option) \(given): expected a duration up to an hour, such as 500ms or 5s")
    return nil
  }

  mutating func refuse(_ options: ArraySlice<String>) {
    for option in options { problems.append("unknown argument '\(option)'") }
  }
}
