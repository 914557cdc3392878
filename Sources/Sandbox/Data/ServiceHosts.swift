import FoundationEssentials
import Glibc

/// The hosts file by which names of Services resolve, to the ready pods that each selects.
///
/// Written whenever an EndpointSlice changes; libnss_wrapper reads it again when its time of change is another.
struct ServiceHosts: Sendable {
  private static let name = "hosts"
  private let folder: SandboxFolder
  private let store: ObjectStore

  /// Writes the first, in which nothing is ready; throws `startFailed` or `noSpace`.
  init(in folder: SandboxFolder, store: ObjectStore) throws(SandboxError) {
    self.folder = folder
    self.store = store
    try folder.write(Self.text([]), to: Self.name, forProcesses: true)
  }

  /// The file.
  var path: String { "\(folder.path)/\(Self.name)" }

  /// Follows the store until the task is cancelled.
  func run() async {
    var written = Self.text([])
    var changes = 0
    for await _ in store.changes() {
      let text = Self.text(store.list(.endpointSlices).items)
      guard text != written, (try? folder.write(text, to: "\(Self.name).new", forProcesses: true)) != nil else {
        continue
      }
      written = text
      changes += 1
      // The library compares seconds only, and two changes may come within one.
      var times = [timeval(), timeval()]
      gettimeofday(&times[0], nil)
      times[0].tv_sec += changes
      times[1] = times[0]
      utimes("\(path).new", times)
      rename("\(path).new", path)
    }
  }

  /// What it says for these slices.
  static func text(_ slices: [JSON]) -> String {
    let lines = slices.flatMap { slice -> [String] in
      let namespace = slice["metadata", "namespace"].string ?? "default"
      guard let service = slice["metadata", "labels", "kubernetes.io/service-name"].string else { return [] }
      let full = "\(service).\(namespace)"
      let names = namespace == ShippedObjects.namespace ? "\(service) \(full)" : full
      let ready = slice["endpoints"].elements.filter { $0["conditions", "ready"].bool == true }
      return ready.compactMap { $0["addresses"][0].string }.map {
        "\($0) \(names) \(full).svc \(full).svc.cluster.local\n"
      }
    }
    return lines.joined() + "127.0.0.1 localhost\n"
  }
}
