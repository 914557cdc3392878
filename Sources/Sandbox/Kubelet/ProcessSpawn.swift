import FoundationEssentials
import Glibc

/// One posix_spawn(3): the file descriptors, signals and group that a process of the sandbox starts with.
struct ProcessSpawn: Sendable {
  /// What it is, in a word or two.
  let what: String
  private let command: [String]
  private let environment: [String: String]
  private let input: Int32?
  private let output: Output
  private let ownSession: Bool

  /// Where standard output and standard error go.
  enum Output: Sendable {
    case appendedTo(String)
    case descriptor(Int32)
    case descriptors(output: Int32, errors: Int32)
  }

  // POSIX_SPAWN_SETSID is in glibc since 2.26, but its header shows it only with _GNU_SOURCE.
  private static let setSession: Int32 = 0x80

  /// A process of the sandbox: it dies with the thread that calls ``start()``.
  ///
  /// setpriv(1) sets the parent-death signal and the user, env(1) the working directory: what posix_spawn cannot.
  init(_ plan: ChildProcess.Plan) {
    self.init(plan, input: nil, .appendedTo(plan.log))
  }

  /// The same with descriptors for its streams; without one for standard input that is empty.
  init(_ plan: ChildProcess.Plan, input: Int32?, output: Int32, errors: Int32) {
    self.init(plan, input: input, .descriptors(output: output, errors: errors))
  }

  private init(_ plan: ChildProcess.Plan, input: Int32?, _ output: Output) {
    var command = ["/usr/bin/setpriv", "--pdeathsig", plan.deathSignal]
    if let account = plan.account {
      command += ["--reuid", "\(account.uid)", "--regid", "\(account.gid)", "--clear-groups"]
    }
    what = plan.what
    self.command = plan.surroundings + command + ["--", "/usr/bin/env", "-C", "/"] + plan.command
    environment = plan.environment
    self.input = input
    self.output = output
    ownSession = false
  }

  /// A process with a session of its own, so that no terminal's Ctrl-C reaches it.
  init(_ what: String, session command: [String], environment: [String: String], input: Int32?, output: Int32) {
    self.what = what
    self.command = command
    self.environment = environment
    self.input = input
    self.output = .descriptor(output)
    ownSession = true
  }

  /// Starts it and returns its pid; throws `startFailed` or `noSpace`.
  func start() throws(SandboxError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    setDescriptors(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    setAttributes(&attributes)
    var pid: pid_t = 0
    let failure = Self.withStrings(command) { arguments in
      Self.withStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
        posix_spawn(&pid, command[0], &actions, &attributes, arguments, environment)
      }
    }
    guard failure == 0 else { throw .system(failure, attempted: "starting \(what)") }
    return pid
  }

  private func setDescriptors(_ actions: inout posix_spawn_file_actions_t) {
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    switch output {
    case .appendedTo(let path):
      posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    case .descriptor(let descriptor), .descriptors(let descriptor, _):
      posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
    }
    if case .descriptors(_, let errors) = output {
      posix_spawn_file_actions_adddup2(&actions, errors, 2)
    } else {
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }
    // Most of ours close by themselves on exec; this is for those of libraries. Numbers beyond the last are for what is
    // opened meanwhile; closing what is not open is no error here.
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    let last = open.compactMap { Int32($0) }.max() ?? 2
    for descriptor in 3..<(max(last, 2) + 64) { posix_spawn_file_actions_addclose(&actions, descriptor) }
  }

  private func setAttributes(_ attributes: inout posix_spawnattr_t) {
    let group = ownSession ? Self.setSession : POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(group | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    if !ownSession { posix_spawnattr_setpgroup(&attributes, 0) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
  }

  // The array that C wants: pointers to the strings, and a nil at the end.
  private static func withStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = strings.map { (text: String) -> UnsafeMutablePointer<CChar>? in strdup(text) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers)
  }
}
