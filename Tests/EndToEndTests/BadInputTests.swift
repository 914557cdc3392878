import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// Bad input is refused at once and whole; what is missing is named; nothing is left behind.
@Suite("Bad input and missing parts", .serialized)
struct BadInputTests {
  @Test(
    "wrong usage exits 64 with every problem named, and starts nothing",
    arguments: [
      (["--bogus"], ["--bogus"]),
      (["--rate", "0"], ["--rate"]),
      (["--duration", "-5s"], ["--duration"]),
      (["--profile", "no-such-profile"], ["--profile"]),
      (
        ["--rate", "0", "--duration", "-5s", "--bogus", "--connections", "many", "--profile", "nope"],
        ["--rate", "--duration", "--bogus", "--connections", "--profile"]
      ),
      (["run", "--rate", "1", "--image", "voting-app:v2"], ["--image"]),
      (["--during-rollout", "--target", "https://cluster.example"], ["--during-rollout"]),
      (
        ["--during-rollout", "--deployment", "web", "--statefulset", "db", "--container", "A", "--strategy", "surge=1"]
          + ["--image", "-v2", "--restart", "--set-env", "1=1", "--scale", "x", "--delete-pod", "--trigger", ""],
        ["--statefulset", "--container", "--strategy"]
          + ["--image", "--restart", "--set-env", "--scale", "--delete-pod", "--trigger"]
      ),
      (["--progress", "loud"], ["--progress"]),
      (["--rate", "5", "--stages", "1s@5", "--arrival", "poisson"], ["--stages"]),
      (
        ["--target", "https://a.example", "--cacert", "no-ca.pem", "--cert", "no-cert.pem", "--header", "Host: b"],
        ["--cacert", "--cert", "--header"]
      ),
      (["--closed", "4", "--http", "2", "--streams", "4", "--lane", "direct"], ["--lane"]),
    ])
  func usage(arguments: [String], named: [String]) async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let run = try await votebench.run(arguments, within: .seconds(20))
      #expect(run.status == 64, "\(run.output)")
      for name in named { #expect(run.output.contains("votebench: \(name): "), "\(run.output)") }
      #expect(run.summary == nil)
      #expect(votebench.leftovers().isEmpty)
    }
  }

  @Test("a profile with mistakes exits 64 with file, line and key")
  func profile() async throws {
    try await withStage { stage in
      let file = stage.folder + "/bad.yaml"
      try Data("rate: 0\nspeed: 5\nduration: soon\n".utf8).write(to: URL(filePath: file))
      let run = try await Votebench(on: stage).run(["--profile", file], within: .seconds(20))
      #expect(run.status == 64)
      #expect(run.output.contains("\(file):2: speed: is no key"))
    }
  }

  @Test("without kubectl: exit 69, what to do, nothing left behind")
  func noKubectl() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let run = try await votebench.run(
        Votebench.shortRollout + ["--kubectl", "kubectl-that-is-not-there"], within: .seconds(60))
      #expect(run.status == 69)
      #expect(run.output.contains("Install kubectl"), "\(run.output)")
      #expect(votebench.leftovers().isEmpty)
      #expect(votebench.processes().isEmpty)
    }
  }

  @Test("a deployment, a container or an image that makes no sense: exit 69 before any vote")
  func wrongWorkload() async throws {
    for (arguments, text) in [
      (["--deployment", "nobody", "--restart"], "there is no deployment 'nobody'"),
      (["--container", "sidecar"], "has no container 'sidecar'"),
      (["--image", "voting-app:v1"], "nothing would roll"),
    ] {
      try await withStage { stage in
        let run = try await Votebench(on: stage).run(Votebench.shortRollout + arguments, within: .seconds(60))
        #expect(run.status == 69)
        #expect(run.output.contains(text), "\(run.output)")
        #expect(!run.output.contains("warmup"))
      }
    }
  }

  @Test("an ingress that nobody serves: exit 69 within seconds")
  func unreachable() async throws {
    try await withStage { stage in
      let run = try await Votebench(on: stage).run(
        ["--target", "https://localhost:\(try FreePort.next())"], within: .seconds(20))
      #expect(run.status == 69)
      #expect(run.output.contains("opening connections"), "\(run.output)")
    }
  }

  @Test("when port 8443 is taken the next free one is used; when all are taken: exit 69, what to do")
  func portsTaken() async throws {
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      let taken = (8443...8493).compactMap(Listener.init(port:))
      defer { for listener in taken { close(listener.descriptor) } }
      let run = try await votebench.run(["--duration", "1s"], within: .seconds(60))
      #expect(run.status == 69)
      #expect(run.output.contains("8443"), "\(run.output)")
      #expect(votebench.leftovers().isEmpty)
      #expect(votebench.processes().isEmpty)
    }
  }

  @Test("no space on the disk: exit 69, what to do, nothing left behind")
  func noSpace() async throws {
    // Only root may mount; the check itself does not depend on who runs it.
    guard geteuid() == 0 else { return }
    try await withStage { stage in
      let votebench = try Votebench(on: stage)
      guard mount("tmpfs", votebench.home, "tmpfs", 0, "size=20m,mode=1777") == 0 else { return }
      defer { umount(votebench.home) }
      let run = try await votebench.run(["--duration", "1s"], within: .seconds(60))
      #expect(run.status == 69)
      #expect(run.output.contains("space"), "\(run.output)")
      #expect(votebench.leftovers().isEmpty)
      #expect(votebench.processes().isEmpty)
    }
  }
}

/// A port that is taken for as long as the test wants.
private struct Listener {
  let descriptor: Int32

  init?(port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    // A port on which a connection of an earlier test is only being forgotten can be taken, as the sandbox would.
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, listen(descriptor, 1) == 0 else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
  }
}
