import FoundationEssentials
import Glibc
import Synchronization

/// The hosts file of each pod, which says what the names of Services mean at the moment.
///
/// It is made before the pod's first process starts, changed when what it says changes, and removed with the pod.
package final class PodHosts: Sendable {
  private struct File: Sendable {
    var pod: JSON
    var address: String
    var text: String
    var changes = 0
  }

  private struct State: Sendable {
    /// By the pods' uids.
    var files: [String: File] = [:]
    var outside = ""
    /// What the files were brought up to date with.
    var names: ServiceNames?
  }

  private let folder: SandboxFolder
  private let store: ObjectStore
  private let api: String
  private let lookup: String?
  /// How processes get to see them.
  package let resolution: NameResolution
  /// The file for programs outside of pods, which the preloaded library reads; short names are those of the voting
  /// system.
  package var outside: String { "\(folder.path)/names/outside" }
  private let state = Mutex(State())

  /// Makes the folder of the files; throws `startFailed` or `noSpace`.
  ///
  /// `library` is nss_wrapper, for where nothing better works; `api` is the address of the API server.
  package static func make(
    in folder: SandboxFolder, store: ObjectStore, api: String, library: String
  ) async throws(SandboxError) -> PodHosts {
    let path = try folder.makeFolder("names", forProcesses: true)
    try folder.write("127.0.0.1\tlocalhost\n", to: "names/trial", forProcesses: true)
    let resolution = await NameResolution.best(
      hosts: "\(path)/trial", log: "\(folder.path)/names/trial.log", account: folder.account, library: library)
    return try PodHosts(in: folder, store: store, api: api, resolution: resolution)
  }

  /// The folder `names` must be there.
  init(
    in folder: SandboxFolder, store: ObjectStore, api: String, resolution: NameResolution
  ) throws(SandboxError) {
    self.folder = folder
    self.store = store
    self.api = api
    self.resolution = resolution
    guard let text = try? String(contentsOfFile: "/etc/nsswitch.conf", encoding: .utf8) else {
      lookup = nil
      return
    }
    try folder.write(Self.withoutDNS(text), to: "names/nsswitch.conf", forProcesses: true)
    lookup = "\(folder.path)/names/nsswitch.conf"
  }

  // A name that no Service has is unknown at once; the machine's own DNS servers know nothing of the sandbox.
  private static func withoutDNS(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("hosts:") }
    return "hosts: files\n" + lines.joined(separator: "\n")
  }

  /// Makes a process of a pod see its pod's names, and these mounts where ``NameResolution/canMount``.
  package func prepare(
    _ plan: inout ChildProcess.Plan, for pod: JSON, at address: String, mounting mounts: [BindMount] = []
  ) throws(SandboxError) {
    let hosts = try file(for: pod, at: address)
    let hostname = ServiceNames.hostname(of: pod)
    resolution.prepare(
      &plan, NameResolution.View(hosts: hosts, lookup: lookup, hostname: hostname, mounts: mounts))
  }

  /// The path of a pod's hosts file, which holds what is true now.
  package func file(for pod: JSON, at address: String) throws(SandboxError) -> String {
    let failure = state.withLock { state -> SandboxError? in
      let before = state.files[pod.uid]
      var file = File(pod: pod, address: address, text: names().hosts(for: pod, at: address))
      file.changes = (before?.changes ?? 0) + 1
      let failure = write(file, before: before)
      if failure == nil { state.files[pod.uid] = file }
      return failure
    }
    if let failure { throw failure }
    return path(pod.uid)
  }

  /// Brings every file up to date, removes those of pods that are gone, and gives what cannot be resolved.
  @discardableResult
  func refresh() -> [EventRecord] {
    state.withLock { state in
      for (uid, file) in state.files
      where store.get(.pods, namespace: file.pod.namespace, name: file.pod.name)?.uid != uid {
        unlink(path(uid))
        state.files[uid] = nil
      }
      let names = names()
      // What cannot be written, as on a full disk, is tried again at the next change.
      if names != state.names { state.names = update(&state, names) ? names : nil }
      return names.notices
    }
  }

  private func update(_ state: inout State, _ names: ServiceNames) -> Bool {
    var isComplete = true
    for (uid, file) in state.files {
      var next = file
      next.text = names.hosts(for: file.pod, at: file.address)
      next.changes += 1
      guard next.text != file.text else { continue }
      if write(next, before: file) == nil { state.files[uid] = next } else { isComplete = false }
    }
    // A program outside is short-lived and reads its file once.
    let pod: JSON = ["metadata": ["name": "outside", "namespace": .string(ShippedObjects.namespace)]]
    let text = names.hosts(for: pod, at: "127.0.0.1")
    guard text != state.outside else { return isComplete }
    guard (try? folder.write(text, to: "names/outside", forProcesses: true)) != nil else { return false }
    state.outside = text
    return isComplete
  }

  private func names() -> ServiceNames {
    ServiceNames(
      services: store.list(.services).items, slices: store.list(.endpointSlices).items,
      pods: store.list(.pods).items, api: api)
  }

  private func path(_ uid: String) -> String { "\(folder.path)/names/\(uid)" }

  private func write(_ file: File, before: File?) -> SandboxError? {
    guard before?.text != file.text else { return nil }
    do throws(SandboxError) {
      if case .preloaded = resolution {
        try replace(file)
      } else if before == nil {
        try folder.write(file.text, to: "names/\(file.pod.uid)", forProcesses: true)
      } else {
        try rewrite(file)
      }
      return nil
    } catch {
      return error
    }
  }

  // The library reads a file again if its time of change is another, of which it compares the seconds only.
  private func replace(_ file: File) throws(SandboxError) {
    let name = "names/\(file.pod.uid)"
    try folder.write(file.text, to: "\(name).new", forProcesses: true)
    var time = timeval()
    gettimeofday(&time, nil)
    time.tv_sec += file.changes
    utimes("\(folder.path)/\(name).new", [time, time])
    guard rename("\(folder.path)/\(name).new", path(file.pod.uid)) == 0 else {
      throw .system(errno, attempted: "writing \(name)")
    }
  }

  // In place, since a mount is of the file and not of its name. One write and no truncation, so that no reader finds
  // it empty: what is left of a longer text becomes blank.
  private func rewrite(_ file: File) throws(SandboxError) {
    let path = path(file.pod.uid)
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno, attempted: "writing \(path)") }
    defer { close(descriptor) }
    var status = stat()
    _ = fstat(descriptor, &status)
    var bytes = Array(file.text.utf8)
    bytes += Array(repeating: UInt8(ascii: "\n"), count: max(0, Int(status.st_size) - bytes.count))
    guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw .system(errno, attempted: "writing \(path)")
    }
  }
}
