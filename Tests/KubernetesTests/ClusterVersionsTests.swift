import FoundationEssentials
import Glibc
import Kubernetes
import TestSupport
import Testing

/// What kubectl says of itself and the server, for reports.
@Suite("The versions of a cluster")
struct ClusterVersionsTests {
  /// The versions by a kubectl that is this script.
  private func versions(
    _ script: String, context: String? = nil
  ) async throws -> (client: String?, server: String?, context: String?) {
    var versions: (client: String?, server: String?, context: String?)
    try await withStage { stage in
      let path = stage.folder + "/kubectl"
      try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: path))
      chmod(path, 0o755)
      versions = await Kubectl(executable: path, context: context, namespace: "n").versions(limit: .seconds(5))
    }
    return versions
  }

  @Test("both versions and the context in use are known")
  func both() async throws {
    let script = """
      case "$*" in
      *current-context) echo kind-x;;
      *) echo '{"clientVersion":{"gitVersion":"v1.30.1"},"serverVersion":{"gitVersion":"v1.29.4+k3s1"}}';;
      esac
      """
    #expect(try await versions(script) == ("v1.30.1", "v1.29.4+k3s1", "kind-x"))
    #expect(try await versions(script, context: "named").context == "named")
  }

  @Test("what is not said is left open, and fails nothing")
  func neither() async throws {
    let away = try await versions("echo '{\"clientVersion\":{\"gitVersion\":\"v1.20.2\"}}'; echo refused >&2; exit 1")
    #expect(away == ("v1.20.2", nil, nil))
    #expect(try await versions("exit 99") == (nil, nil, nil))
    #expect(try await versions("echo Hello") == (nil, nil, "Hello"))
  }
}
