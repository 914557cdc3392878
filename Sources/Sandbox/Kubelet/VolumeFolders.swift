import FoundationEssentials
import Glibc

/// The volumes of pods as folders of the sandbox: one for each claim, kept until the claim is deleted; one for each
/// other volume of a pod, which goes with the pod; one for each container's own files, which goes when it starts again.
struct VolumeFolders: Sendable {
  /// Why a volume cannot be mounted, in the kubelet's words.
  struct Failure: Error, Equatable {
    var message: String
  }

  private let folder: SandboxFolder
  private let store: ObjectStore

  /// Makes the folders that hold the others; throws `startFailed` or `noSpace`.
  init(in folder: SandboxFolder, store: ObjectStore) throws(SandboxError) {
    self.folder = folder
    self.store = store
    for name in ["claims", "volumes", "containers", "run"] {
      _ = try folder.makeFolder(name, forProcesses: true)
    }
  }

  /// Makes and fills the volumes of a pod, as far as they are not there, and gives their folders by name.
  ///
  /// Throws what is wrong with the first that fails.
  func mount(_ pod: JSON) throws(Failure) -> [String: String] {
    var folders: [String: String] = [:]
    for volume in pod["spec", "volumes"].elements {
      let name = volume["name"].string ?? ""
      do throws(Failure) {
        let path = try path(of: volume, pod)
        folders[name] = path
        guard volume["hostPath"].isNull else { continue }
        try make(path)
        let files = try VolumeFiles(volume, pod: pod, store: store).contents
        for (file, bytes) in files.sorted(by: { $0.key < $1.key }) { try write(bytes, to: "\(path)/\(file)", in: path) }
      } catch {
        throw Failure(message: "MountVolume.SetUp failed for volume \"\(name)\" : \(error.message)")
      }
    }
    return folders
  }

  private func path(of volume: JSON, _ pod: JSON) throws(Failure) -> String {
    if let path = volume["hostPath", "path"].string { return path }
    guard let claim = volume["persistentVolumeClaim", "claimName"].string else {
      return "\(podFolder(pod))/\(volume["name"].string ?? "")"
    }
    let namespace = pod["metadata", "namespace"].string ?? "default"
    guard let object = store.get(.persistentVolumeClaims, namespace: namespace, name: claim) else {
      throw Failure(message: "persistentvolumeclaim \"\(claim)\" not found")
    }
    return "\(folder.path)/claims/\(Self.claimFolder(object))"
  }

  /// Makes the folders of a container's own anew: for data without a volume, and for sockets and the like.
  func makeOwn(_ target: ContainerTarget) throws(Failure) -> (data: String, run: String) {
    let own = ownFolders(target)
    for path in [own.data, own.run] {
      Self.remove(path)
      try make(path)
    }
    return own
  }

  /// Where those are.
  func ownFolders(_ target: ContainerTarget) -> (data: String, run: String) {
    // Short: the path of a Unix socket has 107 bytes.
    let name = "\(target.plan.uid.prefix(8))-\(target.index)"
    return ("\(folder.path)/containers/\(name)", "\(folder.path)/run/\(name)")
  }

  /// Removes what goes with a pod.
  func removePod(_ pod: JSON, _ plan: PodPlan) {
    Self.remove(podFolder(pod))
    for index in plan.containers.indices {
      let name = "\(plan.uid.prefix(8))-\(index)"
      for parent in ["containers", "run"] { Self.remove("\(folder.path)/\(parent)/\(name)") }
    }
  }

  /// Removes the folders of claims that are gone, but for those that one of these pods still uses.
  func sweepClaims(usedBy pods: [JSON]) {
    var kept = Set(store.list(.persistentVolumeClaims).items.map(Self.claimFolder))
    // The claim of a pod that runs on may be gone, and then its uid is not known any more.
    let used = pods.flatMap { pod in
      pod["spec", "volumes"].elements.compactMap { volume in
        volume["persistentVolumeClaim", "claimName"].string.map {
          "\(pod["metadata", "namespace"].string ?? "default")_\($0)_"
        }
      }
    }
    let found = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/claims")) ?? []
    kept.formUnion(found.filter { name in used.contains { name.hasPrefix($0) } })
    for name in found where !kept.contains(name) { Self.remove("\(folder.path)/claims/\(name)") }
  }

  private func podFolder(_ pod: JSON) -> String {
    "\(folder.path)/volumes/\(pod["metadata", "uid"].string ?? "")"
  }

  // With the uid: a claim of the same name that is made later begins empty.
  private static func claimFolder(_ claim: JSON) -> String {
    let metadata = claim["metadata"]
    let uid = (metadata["uid"].string ?? "").prefix(8)
    return "\(metadata["namespace"].string ?? "default")_\(metadata["name"].string ?? "")_\(uid)"
  }

  private static func remove(_ path: String) {
    try? FileManager.default.removeItem(atPath: path)
  }

  // MARK: Files

  private func make(_ path: String) throws(Failure) {
    let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    if access(parent, F_OK) != 0 { try make(parent) }
    guard mkdir(path, 0o700) == 0 else {
      if errno == EEXIST { return }
      throw Failure(message: "mkdir \(path): \(String(systemError: errno).lowercased())")
    }
    try give(path)
  }

  private func give(_ path: String) throws(Failure) {
    do throws(SandboxError) {
      try folder.give(path)
    } catch {
      throw Failure(message: error.cause)
    }
  }

  private func write(_ bytes: Data, to path: String, in base: String) throws(Failure) {
    let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    if parent != base { try make(parent) }
    do {
      try bytes.write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw Failure(message: "open \(path): \(String(systemError: errno).lowercased())")
    }
    chmod(path, 0o600)
    try give(path)
  }
}
