import FoundationEssentials

/// What a client wants of a pod's log: which container's, from where, how much.
///
/// (kubernetes, PodLogOptions and its validation)
struct LogRequest: Sendable, Equatable {
  /// The container.
  var container: String
  /// Whether the log is of the start before the one that runs.
  var previous = false
  /// Whether to go on until the container ends.
  var follows = false
  /// Whether each line begins with its time.
  var timestamps = false
  /// How many lines from the end; nil for all.
  var tailLines: Int?
  /// From when on; nil for the beginning.
  var since: Date?
  /// How many bytes at most; nil for any number.
  var limitBytes: Int?

  /// Reads the query of a request about that pod.
  ///
  /// Throws `badRequest` if the container is not of the pod, or none is named where there are several; `invalid` for
  /// numbers that mean nothing.
  init(_ request: APIRequest, pod: JSON, now: Date) throws(APIStatus) {
    container = try Self.container(request.query["container"] ?? "", of: pod)
    previous = Self.says(request, "previous")
    follows = Self.says(request, "follow")
    timestamps = Self.says(request, "timestamps")
    tailLines = try Self.number(request, "tailLines", pod, least: 0)
    limitBytes = try Self.number(request, "limitBytes", pod, least: 1)
    if let seconds = try Self.number(request, "sinceSeconds", pod, least: 1) {
      since = now.addingTimeInterval(-Double(seconds))
    } else if let moment = request.query["sinceTime"] {
      since = Timestamp.moment(moment)
    }
  }

  private static func says(_ request: APIRequest, _ name: String) -> Bool {
    request.query[name] != nil && request.flag(name)
  }

  private static func number(
    _ request: APIRequest, _ name: String, _ pod: JSON, least: Int
  ) throws(APIStatus) -> Int? {
    guard let text = request.query[name], !text.isEmpty else { return nil }
    if let value = Int(text), value >= least { return value }
    let bound = least == 0 ? "must be greater than or equal to 0" : "must be greater than 0"
    throw APIStatus(
      .invalid,
      "PodLogOptions \"\(pod["metadata", "name"].string ?? "")\" is invalid: \(name): Invalid value: \(text): \(bound)")
  }

  /// The container that a request means: the one it names, or the only one.
  ///
  /// Throws `badRequest` in a real server's words if there is none such, or more than one.
  static func container(_ named: String, of pod: JSON) throws(APIStatus) -> String {
    let name = pod["metadata", "name"].string ?? ""
    func names(_ list: String) -> [String] { pod["spec", list].elements.compactMap { $0["name"].string } }
    let (main, initial) = (names("containers"), names("initContainers"))
    if !named.isEmpty {
      guard (main + initial).contains(named) else {
        throw APIStatus(.badRequest, "container \(named) is not valid for pod \(name)")
      }
      return named
    }
    if main.count == 1, initial.isEmpty { return main[0] }
    let chosen = pod["metadata", "annotations", "kubectl.kubernetes.io/default-container"].string ?? ""
    if main.contains(chosen) { return chosen }
    let choice = "choose one of: [\(main.joined(separator: " "))]"
    let others = initial.isEmpty ? "" : " or one of the init containers: [\(initial.joined(separator: " "))]"
    throw APIStatus(.badRequest, "a container name must be specified for pod \(name), \(choice)\(others)")
  }
}
