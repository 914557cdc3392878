import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Sandbox

@Suite("Names in processes")
struct NetworkProcessTests {
  /// A way, and whether the process has to become a plain user first.
  enum Way: String, CaseIterable, Sendable {
    case asRoot
    case asPlainUser
    case preloaded
  }

  private struct Setting {
    var folder: SandboxFolder
    var resolution: NameResolution
    var account: UnprivilegedAccount?
    /// Put before the rest, where the test itself is run by root.
    var become: [String] = []
    var uid: UInt32
  }

  // Nil where this user or this system cannot.
  private func setting(_ way: Way, in stage: Stage) throws -> Setting? {
    let account = UnprivilegedAccount.needed()
    var setting = Setting(
      folder: try SandboxFolder.create(in: stage.folder, account: account), resolution: .mountNamespace,
      account: account, uid: account?.uid ?? geteuid())
    _ = try setting.folder.makeFolder("names", forProcesses: true)
    switch way {
    case .asRoot: guard account != nil else { return nil }
    case .preloaded: setting.resolution = .preloaded(library: try Programs.locate().nssWrapper)
    case .asPlainUser:
      setting.resolution = .userNamespace(uid: setting.uid, gid: account?.gid ?? getegid())
      guard let account else { break }
      setting.become = ["/usr/bin/setpriv", "--reuid", "\(account.uid)", "--regid", "\(account.gid)", "--clear-groups"]
      setting.account = nil
    }
    return setting
  }

  private func start(
    _ script: String, _ setting: Setting, _ hosts: PodHosts, _ pod: JSON, log: String
  ) async throws -> ChildProcess {
    var plan = ChildProcess.Plan("p", ["/bin/sh", "-c", script], log: log, account: setting.account)
    try hosts.prepare(&plan, for: pod, at: "127.0.0.2")
    if !setting.become.isEmpty { plan.surroundings = setting.become + plan.surroundings }
    return try await ChildProcess.start(plan, journal: nil)
  }

  private func text(_ log: String) -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

  // A pod beside a Service, with its names; nothing where this user or this system cannot.
  private func withPod(
    _ way: Way, _ body: (Setting, ObjectStore, PodHosts, _ pod: JSON, _ log: String) async throws -> Void
  ) async throws {
    try await withStage { stage in
      guard let setting = try setting(way, in: stage) else { return }
      defer { setting.folder.remove() }
      let store = ObjectStore(seed: 1)
      try store.create(NetworkFixtures.service("redis", at: "127.9.9.1"), .services)
      let pod = try store.create(NetworkFixtures.pod("p"), .pods)
      let hosts = try PodHosts(in: setting.folder, store: store, api: "127.9.9.9", resolution: setting.resolution)
      try await body(setting, store, hosts, pod, "\(stage.folder)/log")
    }
  }

  @Test(
    "a process sees its pod's names, stays itself and dies with the sandbox",
    arguments: Way.allCases)
  func process(way: Way) async throws {
    try await withPod(way) { setting, store, hosts, pod, log in
      let child = try await start(
        """
        echo "redis=$(getent hosts redis.oggy | cut -d' ' -f1) pid=$$ uid=$(id -u)"
        echo "self=$(getent hosts p | cut -d' ' -f1) host=$(hostname)"
        exec setpriv --dump
        """, setting, hosts, pod, log: log)
      #expect(await child.ending == .exited(0))
      let said = text(log)
      #expect(said.contains("redis=127.9.9.1 pid=\(child.identity.pid) uid=\(setting.uid)\n"), "\(said)")
      #expect(said.contains("self=127.0.0.2"), "\(said)")
      // A preloaded library leaves the machine's own name.
      if way != .preloaded { #expect(said.contains("host=p\n"), "\(said)") }
      #expect(said.split(separator: "\n").last?.hasSuffix("KILL") == true, "\(said)")
      let server = try await start("exec sleep 60", setting, hosts, pod, log: log)
      try await waitUntil("the program runs") {
        try String(contentsOfFile: "/proc/\(server.identity.pid)/comm", encoding: .utf8) == "sleep\n"
      }
      server.send(SIGTERM)
      #expect(await server.ending == .signaled(SIGTERM), "it is the program that gets signals")
      store.remove(.pods, namespace: "oggy", name: "p")
      hosts.refresh()
      let left = try FileManager.default.contentsOfDirectory(atPath: "\(setting.folder.path)/names")
      #expect(!left.contains(pod.uid))
    }
  }

  @Test("a process that runs sees changes", arguments: Way.allCases)
  func changes(way: Way) async throws {
    try await withPod(way) { setting, store, hosts, pod, log in
      // One process that asks again and again, as a server does: the preloaded library keeps what it has read.
      let child = try await start(
        #"""
        exec perl -MSocket -e '$| = 1; while (1) { my $a = inet_aton("redis"); print $a ? inet_ntoa($a) : "none", "\n";
          select(undef, undef, undef, 0.02) }'
        """#, setting, hosts, pod, log: log)
      for address in ["127.9.9.1", "127.9.9.2", "127.9.9.3", "none", "127.9.9.4"] {
        store.remove(.services, namespace: "oggy", name: "redis")
        if address != "none" { try store.create(NetworkFixtures.service("redis", at: address), .services) }
        hosts.refresh()
        try await waitUntil("it finds \(address)", within: .seconds(10)) {
          text(log).split(separator: "\n").last.map(String.init) == address
        }
      }
      await child.stop(SIGKILL, within: .seconds(5))
    }
  }
}
