import Bench
import FoundationEssentials
import Glibc

/// What a journal says: which cluster was changed, how the workloads were before, and what was done to them.
package struct JournalRecord: Sendable, Hashable {
  /// A workload that was about to be changed.
  package struct Change: Sendable, Hashable {
    /// How it was.
    package var before: WorkloadSnapshot
    /// The fields that our commands changed, or were about to.
    package var fields: [ChangedField] = []
    /// The fields of changes that are meant to stay; a journal knows of none.
    package var kept: [ChangedField] = []
    /// False once it was put back.
    package var isOpen = true
  }
  /// The first line; nil when the run was ended before it was written, and so before anything was changed.
  package var header: JournalHeader?
  /// The workloads, in the order of being changed first.
  package var changes: [Change] = []

  /// The workloads that are not put back yet.
  package var open: [Change] { changes.filter { $0.isOpen && !$0.fields.isEmpty } }

  mutating func add(_ entry: Journal.Entry) {
    switch entry {
    case .begin, .done: break
    case .before(let snapshot):
      // What was put back, and is changed again, was in the meantime somebody else's to change.
      if let place = place(of: snapshot.workload) {
        if !changes[place].isOpen { changes[place] = Change(before: snapshot) }
      } else {
        changes.append(Change(before: snapshot))
      }
    case .doing(let workload, _, let fields):
      guard let place = place(of: workload) else { return }
      changes[place].fields += fields
      if !fields.isEmpty { changes[place].isOpen = true }
    case .restored(let workload):
      if let place = place(of: workload) { changes[place].isOpen = false }
    }
  }

  private func place(of workload: Workload) -> Int? { changes.firstIndex { $0.before.workload == workload } }
}

/// The first line of a journal: the process that writes it, and the cluster that it changes.
package struct JournalHeader: Sendable, Hashable, Codable {
  /// What the first line of a journal says.
  static let format = "votebench.journal/1"

  /// The format.
  var journal = JournalHeader.format
  /// The process that writes it.
  var pid: Int32
  /// When that process was started, in ticks since the machine's start: a later process may get the same number.
  var processStart: String
  /// When the journal was begun, ISO 8601, UTC.
  package var startedAt: String
  /// The kubectl that was used: a name on PATH, or an absolute path.
  package var kubectl: String
  /// The kubeconfig, an absolute path; nil for several, or for none.
  package var kubeconfig: String?
  /// The context, also where it was the current one; nil without a kubeconfig.
  package var context: String?
  /// URL of the API server; nil without a kubeconfig.
  package var server: String?
  /// The namespace.
  package var namespace: String

  private enum CodingKeys: String, CodingKey {
    case journal, pid, kubectl, kubeconfig, context, server, namespace
    case processStart = "process_start"
    case startedAt = "started_at"
  }

  /// This process, and the cluster at `address`, which `kubectl` reaches now: a later switch of the current context makes
  /// no difference.
  package init(_ kubectl: Kubectl, at address: ClusterAddress) {
    pid = getpid()
    processStart = Self.start(of: getpid()) ?? ""
    startedAt = Date.now.formatted(.iso8601)
    self.kubectl = kubectl.executable.contains("/") ? Self.absolute(kubectl.executable) : kubectl.executable
    kubeconfig = Self.kubeconfig(kubectl.kubeconfig)
    context = address.context
    server = address.server
    namespace = kubectl.namespace
  }

  /// kubectl for the cluster that was changed.
  package var cluster: Kubectl {
    Kubectl(executable: kubectl, kubeconfig: kubeconfig, context: context, namespace: namespace)
  }

  /// True while the process that writes it is there.
  package var isRunning: Bool { Self.start(of: pid) == processStart }

  /// The cluster's address as it was then.
  package var address: ClusterAddress { ClusterAddress(context: context, server: server) }

  /// When a process was started; nil when there is none.
  private static func start(of pid: Int32) -> String? {
    guard let stat = try? String(contentsOf: URL(filePath: "/proc/\(pid)/stat"), encoding: .utf8) else { return nil }
    // The name of the program, in brackets, may hold blanks and brackets. The 22nd field is the 20th after it.
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[end...].split(separator: " ")
    return fields.count > 20 ? String(fields[20]) : nil
  }

  /// kubectl's own choice, made absolute: the flag, then the environment, then the file at home.
  private static func kubeconfig(_ named: String?) -> String? {
    let environment = ProcessInfo.processInfo.environment
    if let named { return absolute(named) }
    if let list = environment["KUBECONFIG"], !list.isEmpty { return list.contains(":") ? nil : absolute(list) }
    let home = (environment["HOME"] ?? "") + "/.kube/config"
    return access(home, R_OK) == 0 ? absolute(home) : nil
  }

  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  }
}
