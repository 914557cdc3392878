import FoundationEssentials
import TestSupport
import Testing

/// What a run prints while it goes on, on a terminal and elsewhere.
@Suite("The live view of a run", .serialized)
struct LiveViewTests {
  private static let load = ["--rate", "100", "--duration", "7s", "--warmup", "1s", "--slo", "votes.lost == 0"]

  /// Runs votebench on a terminal of so many columns; gives all that it wrote there.
  private func onTerminal(_ stage: Stage, columns: Int, added: [String: String]) async throws -> String {
    let script = """
      import fcntl, os, pty, struct, sys, termios
      pid, terminal = pty.fork()
      if pid == 0:
          fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 40, int(sys.argv[1]), 0, 0))
          os.execv(sys.argv[2], sys.argv[2:])
      while True:
          try:
              data = os.read(terminal, 65536)
          except OSError:
              break
          if not data:
              break
          os.write(1, data)
      sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
      """
    let votebench = try Votebench(on: stage)
    let environment = votebench.environment().merging(["TERM": "xterm", "LC_ALL": "C.UTF-8"]) { $1 }.merging(added) {
      $1
    }
    let process = try stage.start(
      "/usr/bin/python3", ["-c", script, "\(columns)", try Votebench.path()] + Self.load, environment: environment,
      name: "terminal")
    #expect(try await process.wait(within: .seconds(120)) == .exited(0), "\(stage.log(of: "terminal"))")
    return stage.log(of: "terminal")
  }

  @Test("on a terminal a block is written over, within its width, and nothing of it is left over the summary")
  func terminal() async throws {
    try await withStage { stage in
      let text = try await onTerminal(stage, columns: 66, added: [:])
      let blocks = text.components(separatedBy: "\u{1B}[J")
      // Four a second, for 8 s and the drain; a busy machine draws fewer.
      #expect((8...100).contains(blocks.count), "\(blocks.count)")
      let drawn = blocks.dropFirst().dropLast().filter { $0.contains("p50/p99/max") }
      #expect(drawn.count > 5 && drawn.contains { $0.contains("votes behind   p99 ") })
      #expect(drawn.contains { $0.contains { "▁▂▃▄▅▆▇█".contains($0) } })
      for line in drawn.flatMap({ $0.components(separatedBy: "\r\n").prefix(5) }) where !line.contains("\u{1B}") {
        #expect(line.count <= 66, "\(line)")
      }
      let end = try #require(blocks.last)
      #expect(end.contains("PASS") && !end.contains("p50/p99/max"), "\(end)")
      #expect(text.contains("[####"))
    }
  }

  @Test("without colours, and where nothing can be written over, there are plain lines, every five seconds")
  func plain() async throws {
    try await withStage { stage in
      let text = try await onTerminal(stage, columns: 80, added: ["TERM": "dumb", "NO_COLOR": "1"])
      let told = text.components(separatedBy: "\n").filter { $0.contains("last second") }
      #expect((1...3).contains(told.count), "\(text)")
      #expect(
        !text.contains("\u{1B}") && told.allSatisfy { $0.contains("baseline: ") || $0.contains("drain: ") }, "\(text)")
    }
    try await withStage { stage in
      let quiet = try await Votebench(on: stage).run([
        "--rate", "50", "--duration", "2s", "--warmup", "0s", "--progress", "none",
      ])
      #expect(!quiet.output.contains("last second") && !quiet.output.contains("baseline\n"), "\(quiet.output)")
    }
  }
}
