/// What a client wants to run in a container, and which of its streams it wants.
struct ExecRequest: Sendable, Equatable {
  /// The uid of the pod.
  var pod: String
  var container: String
  var command: [String]
  var hasInput: Bool
  var hasOutput: Bool
  var hasErrors: Bool

  /// Reads the query of a request about that pod.
  ///
  /// Throws `badRequest` if there is no command, no such container, or a terminal is wanted: the sandbox has none.
  init(_ request: APIRequest, pod: JSON) throws(APIStatus) {
    func says(_ name: String) -> Bool { request.query[name] != nil && request.flag(name) }
    container = try LogRequest.container(request.query["container"] ?? "", of: pod)
    command = request.repeated["command"] ?? []
    guard !command.isEmpty else {
      throw APIStatus(.badRequest, "you must specify at least 1 command for the container")
    }
    guard !says("tty") else {
      throw APIStatus(.badRequest, "the sandbox offers no terminal: run the command without -t (--tty)")
    }
    self.pod = pod["metadata", "uid"].string ?? ""
    hasInput = says("stdin")
    hasOutput = says("stdout")
    hasErrors = says("stderr")
  }
}
