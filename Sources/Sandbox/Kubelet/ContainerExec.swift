import Glibc

/// A command that runs in a container, with pipes to its streams.
///
/// Our ends of the pipes belong to whoever takes this.
struct ContainerExec: Sendable {
  /// The command's process.
  let child: ChildProcess
  /// The container's, without which the command must not go on.
  let container: ChildProcess
  /// Where its standard input is written; nil if it has none.
  let input: Int32?
  /// Where its standard output and standard error are read.
  let output: Int32
  let errors: Int32
}

extension Kubelet {
  /// Whether the container runs that a request means.
  func isRunning(_ request: ExecRequest) -> Bool {
    runningContainer(request.container, ofPod: request.pod) != nil
  }

  /// Starts a command in a container, as its user, with its environment.
  ///
  /// Throws in the words of a real node if it cannot be started. Not in the journal: it ends with its client, with the
  /// container, and with the sandbox.
  func start(_ request: ExecRequest) async throws(APIStatus) -> ContainerExec {
    guard let target = runningContainer(request.container, ofPod: request.pod),
      let container = pods[request.pod]?.containers[target.index].child
    else { throw APIStatus(.internalError, "container not found (\"\(request.container)\")") }
    let plan = try plan(request, target)
    let pipes = try ExecPipes(withInput: request.hasInput)
    defer { pipes.closeTheirs() }
    let spawn = ProcessSpawn(plan, input: pipes.input?.theirs, output: pipes.output.theirs, errors: pipes.errors.theirs)
    do throws(SandboxError) {
      let child = try await ChildProcess.start(spawn, journal: nil)
      return ContainerExec(
        child: child, container: container, input: pipes.input?.ours, output: pipes.output.ours,
        errors: pipes.errors.ours)
    } catch {
      pipes.closeOurs()
      throw Self.failure(error.cause)
    }
  }

  private func plan(_ request: ExecRequest, _ target: ContainerTarget) throws(APIStatus) -> ChildProcess.Plan {
    do throws(ContainerRunner.Failure) {
      let plan = try runner.plan(request.command, in: target, log: "/dev/null")
      if ImagePrograms.isThere(plan.command[0], in: plan.environment["PATH"] ?? "") { return plan }
    } catch {
      throw Self.failure(error.message)
    }
    throw Self.failure(ContainerRunner.notFound(request.command[0], "exec failed"))
  }

  private static func failure(_ cause: String) -> APIStatus {
    APIStatus(.internalError, "error executing command in container: failed to exec in container: \(cause)")
  }
}

/// The pipes of a command, both ends.
private struct ExecPipes {
  struct Pipe {
    var ours: Int32
    var theirs: Int32
  }

  private(set) var input: Pipe?
  private(set) var output: Pipe
  private(set) var errors: Pipe

  init(withInput: Bool) throws(APIStatus) {
    var made: [Pipe] = []
    for isInput in [false, false] + (withInput ? [true] : []) {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else {
        for pipe in made { Self.close(pipe.ours, pipe.theirs) }
        throw APIStatus(.internalError, "no pipe for the command: \(String(cString: strerror(errno)))")
      }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      made.append(isInput ? Pipe(ours: ends[1], theirs: ends[0]) : Pipe(ours: ends[0], theirs: ends[1]))
    }
    (output, errors) = (made[0], made[1])
    if withInput { input = made[2] }
  }

  func closeTheirs() { Self.close(output.theirs, errors.theirs, input?.theirs ?? -1) }

  func closeOurs() { Self.close(output.ours, errors.ours, input?.ours ?? -1) }

  private static func close(_ descriptors: Int32...) {
    for descriptor in descriptors where descriptor >= 0 { _ = Glibc.close(descriptor) }
  }
}
