internal import Glibc
internal import Subprocess
internal import SystemPackage

/// The user's kubectl, run with an argument list that never passes through a shell.
package struct Kubectl: Sendable {
  /// Name on PATH, or a path.
  package var executable: String
  /// A kubeconfig file; nil for kubectl's own choice.
  package var kubeconfig: String?
  /// A context of the kubeconfig; nil for its current one.
  package var context: String?
  /// The namespace of the workload.
  package var namespace: String
  /// A home directory in place of the user's: kubectl caches discovery by server address below it.
  package var home: String?

  /// A kubectl; see the members.
  package init(
    executable: String = "kubectl", kubeconfig: String? = nil, context: String? = nil, namespace: String,
    home: String? = nil
  ) {
    self.executable = executable
    self.kubeconfig = kubeconfig
    self.context = context
    self.namespace = namespace
    self.home = home
  }

  /// How a kubectl ended that could be started.
  package struct Ended: Sendable, Hashable {
    /// Exit status; 128 + the signal when a signal ended it.
    package var exit: Int
    /// What it printed to standard output.
    package var output: String
    /// The last line that it printed to standard error.
    package var lastError: String
  }

  /// The command line as a person would type it, for reports and dry runs.
  package func commandLine(_ arguments: [String]) -> String {
    ([executable] + all(arguments)).quotedForShell
  }

  /// Runs kubectl to its end, with `input` as its standard input, and gives it at most `limit`.
  ///
  /// A non-zero exit is a result, not an error.
  package func run(
    _ arguments: [String], input: String? = nil, limit: Duration = .seconds(30)
  ) async throws(KubectlError) -> Ended {
    do {
      return try await withThrowingTaskGroup(of: Ended?.self) { group in
        group.addTask { try await self.collect(arguments, input) }
        group.addTask {
          try await Task.sleep(for: limit)
          return nil
        }
        defer { group.cancelAll() }
        if let first = try await group.next(), let ended = first { return ended }
        throw KubectlError(
          code: .noAnswer, attempted: commandLine(arguments), cause: "no answer within \(limit)",
          remedy: "Check that the API server of this context answers: kubectl get --raw /readyz")
      }
    } catch let error as KubectlError {
      throw error
    } catch {
      throw Task.isCancelled ? abandoned(arguments) : notStarted(arguments, error)
    }
  }

  /// Runs kubectl to its end; a non-zero exit is an error that carries kubectl's own last line.
  @discardableResult
  package func require(
    _ arguments: [String], input: String? = nil, limit: Duration = .seconds(30)
  ) async throws(KubectlError) -> Ended {
    let ended = try await run(arguments, input: input, limit: limit)
    guard ended.exit == 0 else {
      let code = Self.code(ended.lastError)
      throw KubectlError(
        code: code, attempted: commandLine(arguments),
        cause: ended.lastError.isEmpty ? "exit \(ended.exit)" : ended.lastError,
        remedy: code == .unauthorized
          ? "The kubeconfig's token or certificate is not valid, or has expired: get a new one."
          : "Run the command by hand; check context, namespace, permissions and the name of the workload.")
    }
    return ended
  }

  /// Gives every line that `kubectl get --raw PATH` prints, as it comes, until the stream ends or the task is cancelled.
  ///
  /// How it ended is a result, not an error; the output is not kept.
  package func lines(raw path: String, _ handle: (String) -> Void) async throws(KubectlError) -> Ended {
    let arguments = ["get", "--raw", path]
    do {
      let result = try await Subprocess.run(
        program, arguments: Arguments(all(arguments)), environment: environment, platformOptions: Self.apart,
        input: .none, output: .sequence, error: .sequence
      ) { execution in
        let errors = execution.standardError
        async let lastError = Self.lastLine(errors)
        // Objects with long annotations make long lines: the limit is the API server's own for one object.
        for try await line in execution.standardOutput.strings(bufferingPolicy: .maxLineLength(4 << 20)) {
          handle(line)
        }
        return await lastError
      }
      return Ended(exit: Self.exit(result.terminationStatus), output: "", lastError: result.closureResult)
    } catch {
      throw Task.isCancelled ? abandoned(arguments) : notStarted(arguments, error)
    }
  }

  private static func lastLine(_ output: SubprocessOutputSequence) async -> String {
    var last = ""
    do {
      for try await line in output.strings(bufferingPolicy: .maxLineLength(1 << 16)) { last = line }
    } catch {}
    return last
  }

  /// Runs a command of the user's own by `/bin/sh -c`, and ends it, with all that it started, when it takes longer than
  /// `limit`.
  ///
  /// kubectl in it reaches the same API server, where a kubeconfig was named. A non-zero exit is an error that carries
  /// the last line that it printed.
  package func shell(_ command: String, limit: Duration) async throws(KubectlError) -> Ended {
    let ended: Ended?
    do {
      ended = try await withThrowingTaskGroup(of: Ended?.self) { group in
        group.addTask { try await self.collectShell(command) }
        group.addTask {
          try await Task.sleep(for: limit)
          return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
      }
    } catch {
      throw KubectlError(
        code: .notStarted, attempted: command, cause: "/bin/sh could not be run (\(error))", remedy: "Check --trigger.")
    }
    guard let ended else {
      throw KubectlError(
        code: .noAnswer, attempted: command, cause: "it did not end within \(limit), and was ended",
        remedy: "Give it more time with --rollout-timeout.")
    }
    guard ended.exit == 0 else {
      throw KubectlError(
        code: .refused, attempted: command,
        cause: "exit \(ended.exit)" + (ended.lastError.isEmpty ? "" : ": \(ended.lastError)"),
        remedy: "Run it by hand; part of it may have been done.")
    }
    return ended
  }

  private func collectShell(_ command: String) async throws -> Ended {
    var environment = environment
    if let kubeconfig { environment = environment.updating(["KUBECONFIG": kubeconfig]) }
    var options = Self.apart
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))]
    let result = try await Subprocess.run(
      .path("/bin/sh"), arguments: ["-c", command], environment: environment, platformOptions: options,
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    let lines = (result.standardOutput + "\n" + result.standardError).split(separator: "\n")
    return Ended(
      exit: Self.exit(result.terminationStatus), output: result.standardOutput,
      lastError: lines.last.map(String.init) ?? "")
  }

  private var program: Executable {
    executable.contains("/") ? .path(FilePath(executable)) : .name(executable)
  }

  private var scope: [String] {
    (context.map { ["--context", $0] } ?? []) + ["-n", namespace]
  }

  private func all(_ arguments: [String]) -> [String] {
    (kubeconfig.map { ["--kubeconfig", $0] } ?? []) + scope + arguments
  }

  private var environment: Environment {
    guard let home else { return .inherit }
    return .inherit.updating(["HOME": home])
  }

  /// Commands that change something are never cut off, so what is given up was asking, or had not begun.
  func abandoned(_ command: ChangeCommand) -> KubectlError {
    KubectlError(
      code: .abandoned, attempted: command.commandLine(with: self), cause: "given up", remedy: "Nothing was changed.")
  }

  private func abandoned(_ arguments: [String]) -> KubectlError { abandoned(.kubectl(arguments)) }

  private static func exit(_ status: TerminationStatus) -> Int {
    switch status {
    case .exited(let code): Int(code)
    case .signaled(let signal): 128 + Int(signal)
    }
  }

  /// A process group of its own: Ctrl-C at the terminal is for votebench, and must not cut off an undo.
  private static var apart: PlatformOptions {
    var options = PlatformOptions()
    options.processGroupID = 0
    return options
  }

  private static func code(_ error: String) -> KubectlError.Code {
    if error.contains("(Forbidden)") { return .forbidden }
    if error.contains("(NotFound)") { return .notFound }
    if error.contains("(Unauthorized)") { return .unauthorized }
    return .refused
  }

  private func collect(_ arguments: [String], _ input: String?) async throws -> Ended {
    guard let input else { return try await collect(arguments, .string("")) }
    return try await collect(arguments, .fileDescriptor(try Self.file(of: input), closeAfterSpawningProcess: true))
  }

  private func collect(_ arguments: [String], _ input: some InputProtocol) async throws -> Ended {
    let result = try await Subprocess.run(
      program, arguments: Arguments(all(arguments)), environment: environment, platformOptions: Self.apart,
      input: input, output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
    let lines = result.standardError.split(separator: "\n")
    return Ended(
      exit: Self.exit(result.terminationStatus), output: result.standardOutput,
      lastError: lines.last.map(String.init) ?? "")
  }

  /// A file without a name to read `text` from: a pipe would break when kubectl ends before it has read all.
  private static func file(of text: String) throws -> FileDescriptor {
    var name = Array("\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/votebench-XXXXXX".utf8CString)
    let file = FileDescriptor(rawValue: mkstemp(&name))
    guard file.rawValue >= 0 else { throw Errno(rawValue: errno) }
    unlink(name)
    do {
      try file.writeAll(text.utf8)
      _ = try file.seek(offset: 0, from: .start)
    } catch {
      try? file.close()
      throw error
    }
    return file
  }

  private func notStarted(_ arguments: [String], _ error: any Error) -> KubectlError {
    KubectlError(
      code: .notStarted, attempted: commandLine(arguments), cause: "\(executable) could not be run (\(error))",
      remedy: "Install kubectl (Debian: kubernetes-client) or name it with --kubectl.")
  }
}

/// What kubectl could not do for us.
///
/// A rollout that fails is a value (`RolloutOutcome`), never this.
package struct KubectlError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds.
  package enum Code: Sendable, Hashable {
    /// There is no such program, or it could not be started.
    case notStarted
    /// It ended with a non-zero status.
    case refused
    /// It did not end in time.
    case noAnswer
    /// It printed something that cannot be read.
    case unreadable
    /// The API server does not know who asks.
    case unauthorized
    /// The API server does not let kubectl do it.
    case forbidden
    /// There is no such object.
    case notFound
    /// The kubeconfig has no such context.
    case noContext
    /// This kubectl is too old.
    case unsupported
    /// It was given up with the task that asked for it; nothing was changed.
    case abandoned
  }

  /// What kind of failure it is.
  package var code: Code
  /// The command line.
  package var attempted: String
  /// What happened.
  package var cause: String
  /// What to do.
  package var remedy: String

  /// One line for people.
  package var description: String {
    (attempted.isEmpty ? "" : "\(attempted): ") + cause + (remedy.isEmpty ? "" : ". \(remedy)")
  }
}
