import FoundationEssentials
import TestSupport
import Testing

@testable import Sandbox

@Suite("The ingress")
struct IngressTests {
  @Test("two sandboxes that start at the same time have different ports")
  func ports() throws {
    let first = try IngressPort.take(from: try FreePort.next())
    let second = try IngressPort.take(from: Int(first.number))
    #expect(second.number > first.number)
    #expect(throws: SandboxError.self) { try IngressPort.take(from: Int(first.number), exactly: true) }
  }

  @Test("eight sandboxes that start at the same moment have eight ports, a hundred times over")
  func portsAtOnce() async throws {
    let first = Int(try FreePort.next())
    for _ in 0..<100 {
      let ports = try await withThrowingTaskGroup(of: IngressPort.self) { group in
        for _ in 0..<8 { group.addTask { try IngressPort.take(from: first) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(ports.map(\.number)).count == 8)
    }
  }

  @Test("openssl accepts the certificates for what they are made for, and only for that")
  func certificates() async throws {
    try await withStage { stage in
      let folder = try SandboxFolder.create(in: stage.folder, account: nil)
      let openssl = try Executables.system("openssl")
      let certificates = try await Certificates.make(
        in: folder, host: "oggy.local", apiAddress: "127.70.1.1", openssl: openssl,
        journal: ProcessJournal(folder: folder.path))
      func verifies(_ name: String, _ options: String...) async throws -> Bool {
        let run = try stage.start(
          openssl,
          ["verify", "-x509_strict", "-CAfile", certificates.authority] + options + [
            "\(certificates.folder)/\(name).crt"
          ],
          name: "openssl")
        return try await run.wait() == .exited(0)
      }
      #expect(try await verifies("ingress", "-purpose", "sslserver", "-verify_hostname", "oggy.local"))
      #expect(try await verifies("ingress", "-purpose", "sslserver", "-verify_ip", "127.0.0.1"))
      #expect(try await verifies("default", "-purpose", "sslserver"))
      #expect(try await !verifies("default", "-verify_hostname", "oggy.local"))
      #expect(try await verifies("api", "-purpose", "sslserver", "-verify_ip", "127.70.1.1"))
      #expect(try await verifies("client", "-purpose", "sslclient"))
      #expect(try await !verifies("client", "-purpose", "sslserver"))
      #expect(try await !verifies("ingress", "-verify_hostname", "elsewhere.local"))
      #expect(!FileManager.default.fileExists(atPath: "\(certificates.folder)/ca.key"))
    }
  }
}
