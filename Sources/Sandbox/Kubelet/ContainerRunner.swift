import FoundationEssentials
import Glibc

/// Starts containers: the program of an image with its pod's environment, volumes, name resolution, log and user.
struct ContainerRunner: Sendable {
  /// Why a container could not be started, in the words of its status.
  struct Failure: Error, Equatable {
    var reason: String
    var message: String
  }

  /// What came of a command in a container.
  enum CommandOutcome: Sendable, Equatable {
    case ended(Int32, output: String)
    case timedOut
    /// It could not be run.
    case failed(String)
  }

  let store: ObjectStore
  let programs: ImagePrograms
  let volumes: VolumeFolders
  let logs: PodLogs
  let account: UnprivilegedAccount?
  let journal: ProcessJournal
  /// What makes the names of Services resolve.
  let names: PodHosts

  /// Starts a pod's container.
  func start(_ target: ContainerTarget, restart: Int) async throws(Failure) -> ChildProcess {
    do throws(VolumeFolders.Failure) {
      _ = try volumes.makeOwn(target)
    } catch {
      throw Failure(reason: "CreateContainerError", message: error.message)
    }
    let log = logs.path(target.plan, container: target.container.name, restart: restart)
    var plan = try plan(nil, in: target, log: log)
    // Not by SIGKILL, where that would leave something.
    if target.image.haltSignal == SIGQUIT { plan.deathSignal = "QUIT" }
    guard ImagePrograms.isThere(plan.command[0], in: plan.environment["PATH"] ?? "") else {
      throw Failure(
        reason: "RunContainerError", message: Self.notFound(plan.command[0], "create failed: runc create failed"))
    }
    do throws(SandboxError) {
      let child = try await ChildProcess.start(plan, journal: journal)
      Task { await logs.times.keep(log, of: child) }
      return child
    } catch {
      throw Failure(reason: "RunContainerError", message: error.cause)
    }
  }

  /// Runs a hook to its end; false if it failed.
  func runHook(_ hook: ContainerPlan.Hook, in target: ContainerTarget) async -> Bool {
    switch hook {
    case .sleep(let seconds):
      try? await Task.sleep(for: .seconds(seconds))
      return true
    case .http(let request):
      let outcome = await PlainHTTP.request(
        "GET", request.path, headers: request.headers, to: .tcp(request.host ?? target.address, request.port),
        within: .seconds(30))
      if case .answered(200..<400) = outcome { return true }
      return false
    case .exec(let command):
      // The container's own end, which cancels this, is the limit.
      if case .ended(0, _) = await execute(command, in: target, within: .seconds(3_600)) { return true }
      return false
    case .notOffered: return false
    }
  }

  /// Runs a command in a container, as its user, with its environment; it is killed at the limit, or when the task is
  /// cancelled.
  ///
  /// The output is what it wrote to standard output and standard error, without blanks around it.
  func execute(
    _ command: [String], in target: ContainerTarget, within limit: Duration
  ) async -> CommandOutcome {
    // An image without programs has none of these either.
    guard target.image.hasPrograms, let program = command.first else {
      return .failed(Self.notFound(command.first ?? "", "exec failed"))
    }
    let log = "\(volumes.ownFolders(target).run)/exec-\(UInt32.random(in: 0 ... .max))"
    defer { unlink(log) }
    do throws(Failure) {
      let plan = try plan(command, in: target, log: log)
      guard ImagePrograms.isThere(plan.command[0], in: plan.environment["PATH"] ?? "") else {
        return .failed(Self.notFound(program, "exec failed"))
      }
      return await finish(plan, within: limit)
    } catch {
      return .failed(error.message)
    }
  }

  /// What runc says of a program that is not there.
  static func notFound(_ program: String, _ action: String) -> String {
    let cause =
      program.hasPrefix("/") ? "stat \(program): no such file or directory" : "executable file not found in $PATH"
    return "OCI runtime \(action): unable to start container process: exec: \"\(program)\": \(cause): unknown"
  }

  // Not in the journal: it is bounded, and dies with the sandbox.
  private func finish(_ plan: ChildProcess.Plan, within limit: Duration) async -> CommandOutcome {
    do throws(SandboxError) {
      let child = try await ChildProcess.start(plan, journal: nil)
      let killer = Task {
        try? await Task.sleep(for: limit)
        guard !Task.isCancelled else { return false }
        child.send(SIGKILL)
        return true
      }
      let ending = await withTaskCancellationHandler {
        await child.ending
      } onCancel: {
        child.send(SIGKILL)
      }
      killer.cancel()
      if await killer.value, ending == .signaled(SIGKILL) { return .timedOut }
      let output = (try? Data(contentsOf: URL(filePath: plan.log))) ?? Data()
      return .ended(ending.exitCode, output: LogFile.trimmed(output))
    } catch {
      return .failed(error.cause)
    }
  }

  /// What to start for a command in a container, or for its own program if none is given.
  ///
  /// Throws what a container's status says where it cannot be made: a key is missing, or it mounts where it cannot.
  func plan(_ command: [String]?, in target: ContainerTarget, log: String) throws(Failure) -> ChildProcess.Plan {
    let (table, mounts) = try mounts(of: target)
    let environment = try environment(of: target)
    let words = command ?? ownCommand(of: target, environment)
    guard !words.isEmpty else { throw Failure(reason: "CreateContainerError", message: "no command specified") }
    var plan = ChildProcess.Plan(
      "pod \(target.plan.name)", programs.located(words).map(table.translated), log: log, account: account)
    plan.environment = environment.variables.mapValues(table.translated)
    let own = volumes.ownFolders(target)
    for (name, value) in target.image.environment where value.contains("{") && environment.declared[name] == nil {
      plan.environment[name] = value.replacing("{address}", with: target.address).replacing("{run}", with: own.run)
        .replacing("{data}", with: table.translated(target.image.dataPath ?? "/"))
    }
    plan.environment["PATH"] = environment.declared["PATH"] ?? programs.path(of: target.image)
    do throws(SandboxError) {
      try names.prepare(&plan, for: target.pod, at: target.address, mounting: mounts)
    } catch {
      throw Failure(reason: "CreateContainerError", message: error.cause)
    }
    return plan
  }

  private func ownCommand(of target: ContainerTarget, _ environment: ContainerEnvironment) -> [String] {
    func words(_ key: String) -> [String] {
      target.specification[key].elements.compactMap(\.string).map(environment.expanded)
    }
    let command = words("command")
    return (command.isEmpty ? target.image.entrypoint : command) + words("args")
  }

  private func environment(of target: ContainerTarget) throws(Failure) -> ContainerEnvironment {
    do throws(ContainerEnvironment.Failure) {
      return try ContainerEnvironment(
        pod: target.pod, container: target.specification, image: target.image, address: target.address, store: store)
    } catch {
      throw Failure(reason: "CreateContainerConfigError", message: error.message)
    }
  }

  // Those at the image's data are told by their folders' own paths, which needs no rights; others are mounted.
  private func mounts(of target: ContainerTarget) throws(Failure) -> (MountTable, [BindMount]) {
    var told: [(path: String, folder: String)] = []
    var mounted: [BindMount] = []
    let own = volumes.ownFolders(target)
    for mount in target.specification["volumeMounts"].elements {
      let (path, name) = (mount["mountPath"].string ?? "", mount["name"].string ?? "")
      guard var folder = target.volumes[name] else {
        throw Failure(reason: "CreateContainerConfigError", message: "volume \"\(name)\" is not mounted")
      }
      if let below = mount["subPath"].string { folder += "/\(below)" }
      if MountTable.allows(path, dataPath: target.image.dataPath) {
        told.append((path, folder))
      } else if names.resolution.canMount, BindMount.isPossible(at: path) {
        mounted.append(
          BindMount(
            source: folder, path: path, isReadOnly: mount["readOnly"].bool == true,
            scratch: "\(own.run)/mount-\(mounted.count)"))
      } else {
        throw Failure(reason: "CreateContainerConfigError", message: Self.unmountable(name, path))
      }
    }
    return (MountTable(told, dataPath: target.image.dataPath, own: own.data), mounted)
  }

  private static func unmountable(_ volume: String, _ path: String) -> String {
    "the sandbox cannot mount volume \"\(volume)\" at \(path): its pods see the files of this machine, which has no such "
      + "place, or it lets them have no mounts of their own"
  }
}
