import Glibc

/// How the processes of pods get to know the names of Services, on this machine and for this user.
///
/// A process with a mount namespace of its own sees its pod's hosts file as `/etc/hosts`, whatever program it is. Where
/// the system forbids that, a preloaded library reads the file instead, which works for programs that use the C
/// library's functions.
package enum NameResolution: Sendable, Equatable {
  /// A mount namespace, as root makes one.
  case mountNamespace
  /// A mount namespace in a user namespace, in which the process is again the user that it was.
  case userNamespace(uid: UInt32, gid: UInt32)
  /// nss_wrapper, at this path.
  case preloaded(library: String)

  /// What a pod's process needs.
  struct View: Sendable {
    /// The pod's hosts file.
    var hosts: String
    /// The order in which names are looked up, as in nsswitch.conf(5); nil if the system has no such file.
    var lookup: String?
    /// What the process calls its machine.
    var hostname: String
    /// What else its pod has mounted, where there is a mount namespace.
    var mounts: [BindMount] = []
  }

  // Each step becomes the next, so that the process keeps its pid, and signals go to the program itself.
  // The PATH is the pod's own, which may lead nowhere.
  private static let script = """
    /bin/mount --bind "$1" /etc/hosts && { [ -z "$2" ] || /bin/mount --bind "$2" /etc/nsswitch.conf; } \
    && /bin/hostname "$3" && shift 3 && exec "$@"
    """
  private static let preparation = ["/bin/sh", "-c", script, "sh"]

  /// Prepares the start of a process.
  func prepare(_ plan: inout ChildProcess.Plan, _ view: View) {
    switch self {
    case .preloaded(let library):
      plan.environment["LD_PRELOAD"] = library
      plan.environment["NSS_WRAPPER_HOSTS"] = view.hosts
      // A name that no Service has would else be asked for outside for a long time.
      plan.environment["RES_OPTIONS"] = "timeout:1 attempts:1"
    case .mountNamespace, .userNamespace: plan.surroundings = surroundings(view)
    }
  }

  // The programs that make the process's surroundings; the process's own command follows.
  private func surroundings(_ view: View) -> [String] {
    let files = [view.hosts, view.lookup ?? "", view.hostname]
    let unshare = ["/usr/bin/unshare", "--mount", "--uts", "--propagation", "private"]
    // Volumes first: one below /etc would hide the files that come after it.
    let preparation = BindMount.command(for: view.mounts) + Self.preparation + files
    guard case .userNamespace(let uid, let gid) = self else { return unshare + ["--"] + preparation }
    // Mounting needs root, if only that of a user namespace; a second one makes the process the user again.
    return unshare + ["--user", "--map-root-user", "--"] + preparation
      + ["/usr/bin/unshare", "--user", "--map-user", "\(uid)", "--map-group", "\(gid)", "--"]
  }

  /// Whether processes have a mount namespace of their own, in which more can be mounted.
  package var canMount: Bool {
    if case .preloaded = self { return false }
    return true
  }

  /// The best way that works here: what it takes is tried.
  ///
  /// `hosts` is any file that the processes may read; `log` is where trials write why they failed.
  static func best(
    hosts: String, log: String, account: UnprivilegedAccount?, library: String
  ) async -> NameResolution {
    let candidates: [NameResolution] =
      geteuid() == 0 ? [.mountNamespace] : [.userNamespace(uid: geteuid(), gid: getegid())]
    for candidate in candidates where await candidate.works(hosts: hosts, log: log, account: account) {
      return candidate
    }
    return .preloaded(library: library)
  }

  private func works(hosts: String, log: String, account: UnprivilegedAccount?) async -> Bool {
    var plan = ChildProcess.Plan("name resolution", ["/usr/bin/cmp", hosts, "/etc/hosts"], log: log, account: account)
    prepare(&plan, View(hosts: hosts, lookup: nil, hostname: "sandbox"))
    return await (try? ChildProcess.start(plan, journal: nil).ending) == .exited(0)
  }
}
