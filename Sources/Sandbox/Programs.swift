import FoundationEssentials
import Glibc

/// The programs that the sandbox runs, each by its path.
///
/// Debian keeps some of them outside of PATH, so each has its known places.
struct Programs: Sendable {
  var nginx: String
  var luaModules: [String]
  var redisServer: String
  var redisClient: String
  var initdb: String
  var postgres: String
  var psql: String
  var openssl: String
  var setpriv: String
  var nssWrapper: String

  /// Finds them all; throws `programMissing`, which names every one that is not there.
  static func locate() throws(SandboxError) -> Programs {
    var missing: [(what: String, package: String)] = []
    func find(_ what: String, in package: String, _ path: String?) -> String {
      if let path { return path }
      missing.append((what, package))
      return ""
    }
    let postgres = newestPostgres()
    let programs = Programs(
      nginx: find("nginx", in: "nginx", onPath("nginx")),
      luaModules: ["ndk_http_module", "ngx_http_lua_module"].map { module in
        find("nginx's \(module)", in: "libnginx-mod-http-lua", existing("/usr/lib/nginx/modules/\(module).so"))
      },
      redisServer: find("redis-server", in: "redis-server", onPath("redis-server")),
      redisClient: find("redis-cli", in: "redis-tools", onPath("redis-cli")),
      initdb: find("initdb", in: "postgresql", existing("\(postgres)/initdb")),
      postgres: find("postgres", in: "postgresql", existing("\(postgres)/postgres")),
      psql: find("psql", in: "postgresql-client", existing("\(postgres)/psql") ?? onPath("psql")),
      openssl: find("openssl", in: "openssl", onPath("openssl")),
      setpriv: find("setpriv", in: "util-linux", existing("/usr/bin/setpriv")),
      nssWrapper: find("libnss_wrapper.so", in: "libnss-wrapper", nssWrapperLibrary()))
    guard missing.isEmpty else { throw missingError(missing) }
    return programs
  }

  private static func missingError(_ missing: [(what: String, package: String)]) -> SandboxError {
    let packages = Set(missing.map(\.package)).sorted().joined(separator: " ")
    return SandboxError(
      .programMissing, attempted: "looking for the programs of the sandbox",
      cause: "not found: " + missing.map(\.what).joined(separator: ", "),
      remedy: "Install them: apt-get install --no-install-recommends \(packages)")
  }

  private static func existing(_ path: String) -> String? {
    access(path, R_OK) == 0 ? path : nil
  }

  // A user's PATH often lacks the sbin folders, where Debian puts nginx.
  private static func onPath(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  private static func newestPostgres() -> String {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let newest = versions.filter { access("\(root)/\($0)/bin/postgres", X_OK) == 0 }.max { left, right in
      (Int(left) ?? 0) < (Int(right) ?? 0)
    }
    return "\(root)/\(newest ?? "none")/bin"
  }

  private static func nssWrapperLibrary() -> String? {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
    let places = ["/usr/lib"] + folders.filter { $0.contains("-linux-") }.map { "/usr/lib/\($0)" }
    return places.lazy.compactMap { existing("\($0)/libnss_wrapper.so") }.first
  }
}
