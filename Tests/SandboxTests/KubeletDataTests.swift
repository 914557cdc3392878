import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// Redis and PostgreSQL as the shipped manifests run them.
private enum Server: String, CaseIterable, CustomTestStringConvertible {
  case redis
  case postgres

  var testDescription: String { rawValue }

  var container: JSON {
    switch self {
    case .redis:
      [
        "image": "redis:7", "args": ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""],
        "ports": [["name": "redis", "containerPort": 6379]],
        "env": [["name": "POD_IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]]],
        "readinessProbe": [
          "exec": ["command": ["sh", "-c", "redis-cli -h \"$POD_IP\" ping | grep -q PONG"]], "periodSeconds": 1,
          "failureThreshold": 2,
        ],
        "livenessProbe": ["tcpSocket": ["port": "redis"], "initialDelaySeconds": 15],
        "volumeMounts": [["name": "data", "mountPath": "/data"]],
      ]
    case .postgres:
      [
        "image": "postgres:15", "ports": [["name": "postgres", "containerPort": 5432]],
        "env": [
          ["name": "POSTGRES_DB", "value": "votes"], ["name": "POSTGRES_PASSWORD", "value": "it's secret"],
          ["name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"],
        ],
        "readinessProbe": [
          "exec": ["command": ["pg_isready", "-q", "-U", "postgres", "-d", "votes"]], "periodSeconds": 1,
          "failureThreshold": 2,
        ],
        "livenessProbe": ["tcpSocket": ["port": "postgres"], "initialDelaySeconds": 15],
        "volumeMounts": [["name": "data", "mountPath": "/var/lib/postgresql/data"]],
      ]
    }
  }

  var write: [String] {
    switch self {
    case .redis: ["redis-cli", "SET", "key", "kept"]
    case .postgres: ["psql", "-q", "-d", "votes", "-c", "CREATE TABLE t AS SELECT 'kept' AS value"]
    }
  }

  var read: [String] {
    switch self {
    case .redis: ["redis-cli", "GET", "key"]
    case .postgres: ["psql", "-tA", "-d", "votes", "-c", "SELECT value FROM t"]
    }
  }

  static let claim: JSON = [["name": "data", "persistentVolumeClaim": ["claimName": "data"]]]
}

@Suite("Redis and PostgreSQL as pods")
struct KubeletDataTests {
  @Test("data outlives the pod, and the server when it is killed", arguments: Server.allCases)
  fileprivate func keepsData(server: Server) async throws {
    try await KubeletStage.run { stage in
      try stage.createClaim("data")
      try stage.createPod("db-0", server.container, volumes: Server.claim, ofStatefulSet: true)
      try await waitUntil("it is ready") { stage.isReady("db-0") }
      let address = stage.address("db-0")
      #expect(try await stage.execute(server.write, in: "db-0") != .timedOut)
      #expect(try await stage.execute(server.read, in: "db-0") == .ended(0, output: "kept"))

      let process = try #require(await stage.process("db-0"))
      process.send(SIGKILL)
      try await waitUntil("it runs again") { stage.status("db-0")["restartCount"].int == 1 && stage.isReady("db-0") }
      #expect(stage.status("db-0")["lastState", "terminated", "exitCode"].int == 137)
      #expect(try await stage.execute(server.read, in: "db-0") == .ended(0, output: "kept"))

      try await stage.deletePod("db-0")
      try stage.createPod("db-0", server.container, volumes: Server.claim, ofStatefulSet: true)
      try await waitUntil("the next is ready") { stage.isReady("db-0") }
      #expect(stage.address("db-0") == address, "the pod of a StatefulSet keeps its address")
      #expect(try await stage.execute(server.read, in: "db-0") == .ended(0, output: "kept"))
    }
  }

  @Test("the data of a claim goes when the claim does, and no earlier", arguments: Server.allCases)
  fileprivate func claimDeleted(server: Server) async throws {
    try await KubeletStage.run { stage in
      try stage.createClaim("data")
      try stage.createPod("db-0", server.container, volumes: Server.claim)
      try await waitUntil("it is ready") { stage.isReady("db-0") }
      _ = try await stage.execute(server.write, in: "db-0")
      stage.store.remove(.persistentVolumeClaims, namespace: "default", name: "data")
      #expect(try await stage.execute(server.read, in: "db-0") == .ended(0, output: "kept"))
      try await stage.deletePod("db-0")
      let claims = "\(stage.folder.path)/claims"
      try await waitUntil("its folder is gone") { try FileManager.default.contentsOfDirectory(atPath: claims).isEmpty }
    }
  }

  @Test("PostgreSQL ends at once when its pod is deleted, whatever clients it has")
  func fastShutdown() async throws {
    try await KubeletStage.run { stage in
      var container = Server.postgres.container
      container["volumeMounts"] = .null
      try stage.createPod("db-0", container)
      try await waitUntil("it is ready") { stage.isReady("db-0") }
      let client = Task { try await stage.execute(["psql", "-c", "SELECT pg_sleep(60)"], in: "db-0") }
      try await waitUntil("a client is there") {
        let count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
        return try await stage.execute(["psql", "-tAc", count], in: "db-0") == .ended(0, output: "1")
      }
      let watch = try stage.store.watch(.pods, from: stage.store.resourceVersion)
      try await stage.deletePod("db-0")
      client.cancel()
      var last: JSON = .null
      for await event in watch {
        if event.kind == .deleted { break }
        last = event.object["status", "containerStatuses"][0]["state", "terminated"]
      }
      #expect(last["exitCode"].int == 0)
      #expect(last["reason"].string == "Completed")
    }
  }

  @Test("PostgreSQL without a password says what it needs, and crash-loops")
  func noPassword() async throws {
    try await KubeletStage.run { stage in
      try stage.createPod("db-0", ["image": "postgres:15"])
      try await waitUntil("it has ended twice") { stage.status("db-0")["restartCount"].int == 1 }
      try await waitUntil("it backs off") { !stage.events("db-0", "BackOff").isEmpty }
      let log = "\(stage.folder.path)/pods/default_db-0_main_0.log"
      #expect(LogFile.lastLines(of: log).contains("superuser password is not specified"))
    }
  }

  @Test("a full disk makes the pod unready and is an Event, and no hang", arguments: Server.allCases)
  fileprivate func fullDisk(server: Server) async throws {
    guard geteuid() == 0 else { return }  // only root can mount a small one
    try await KubeletStage.run { stage in
      try stage.createClaim("data")
      let claims = "\(stage.folder.path)/claims"
      let size = server == .redis ? "2m" : "96m"
      let mount = try stage.stage.start(
        "/usr/bin/mount", ["-t", "tmpfs", "-o", "size=\(size)", "tmpfs", claims], name: "mount")
      #expect(try await mount.wait(within: .seconds(5)) == .exited(0))
      defer { umount2(claims, Int32(MNT_DETACH)) }
      try stage.folder.give(claims)
      try stage.createPod("db-0", server.container, volumes: Server.claim)
      try await waitUntil("it is ready") { stage.isReady("db-0") }
      let fill =
        switch server {
        case .redis: ["sh", "-c", "seq 4000 | awk '{ printf \"SET k%s %01000d\\n\", $1, 0 }' | redis-cli"]
        case .postgres:
          [
            "psql", "-d", "votes", "-c",
            "CREATE TABLE big AS SELECT repeat(md5(i::text), 50) FROM generate_series(1, 200000) i",
          ]
        }
      _ = try await stage.execute(fill, in: "db-0")
      if server == .postgres {
        // A table that does not fit is only an error; a full disk under its log is what ends it.
        let rest = try stage.stage.start(
          "/bin/sh", ["-c", "head -c 200000000 /dev/zero > \(claims)/fill; true"], name: "fill")
        _ = try await rest.wait(within: .seconds(10))
        (await stage.process("db-0"))?.send(SIGKILL)
      }
      try await waitUntil("it is not ready") { !stage.isReady("db-0") }
      let full = ["Volume data: no space left on device"]
      try await waitUntil("an Event says why") { stage.events("db-0", "VolumeConditionAbnormal") == full }
      try await stage.deletePod("db-0")
    }
  }
}
