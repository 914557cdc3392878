import TestSupport
import Testing

/// What `votebench sandbox up` prints, read as a user would read it.
struct SandboxUp {
  /// Everything.
  var printed: String
  /// URL of the ingress.
  var url: String
  /// The flags that send a load there.
  var ingress: [String]
  /// The flag that names the cluster.
  var cluster: [String]
  /// Path of the kubeconfig.
  var kubeconfig: String
  /// The line that sets kubectl up.
  var exportLine: String
  /// The commands to try, one a line.
  var commands: [String]

  init(_ printed: String) throws {
    func value(after text: String, until end: String) throws -> String {
      guard let start = printed.firstRange(of: text) else { throw StageError("'\(text)' is not in: \(printed)") }
      let rest = printed[start.upperBound...]
      return String(rest[..<(rest.firstRange(of: end)?.lowerBound ?? rest.endIndex)])
    }
    self.printed = printed
    url = try value(after: "sandbox at ", until: " ")
    ingress = [
      "--target", url, "--resolve", try value(after: "--resolve ", until: " "),
      "--cacert", try value(after: "CA       ", until: "\n"),
    ]
    kubeconfig = try value(after: "KUBECONFIG=", until: " ")
    cluster = ["--kubeconfig", kubeconfig]
    exportLine = "export " + (try value(after: "export ", until: "\n"))
    commands = try value(after: "try      ", until: "\n\n").split(separator: "\n").map { line in
      String(line.drop { $0 == " " })
    }
  }

  /// Runs a line in a shell that has done what the guide says; gives its exit status and what it printed.
  func shell(_ line: String, on stage: Stage) async throws -> (ending: ServerProcess.Ending, output: String) {
    let name = "shell-\(UInt32.random(in: 0 ... .max))"
    let process = try stage.start("/bin/sh", ["-c", "\(exportLine)\n\(line)"], name: name)
    return (try await process.wait(within: .seconds(120)), stage.log(of: name))
  }
}

/// Runs a test against a sandbox that `sandbox up` has started; afterwards `sandbox down` leaves nothing of it.
func withSandboxUp(_ body: (Votebench, SandboxUp) async throws -> Void) async throws {
  try await withStage { stage in
    let votebench = try Votebench(on: stage)
    let up = try await votebench.run(["sandbox", "up"], within: .seconds(60))
    #expect(up.status == 0, "\(up.output)")
    do {
      try await body(votebench, SandboxUp(up.output))
    } catch {
      _ = try await votebench.run(["sandbox", "down"], within: .seconds(60))
      throw error
    }
    #expect(try await votebench.run(["sandbox", "down"], within: .seconds(60)).status == 0)
    #expect(votebench.processes().isEmpty)
    #expect(votebench.leftovers().isEmpty)
  }
}
