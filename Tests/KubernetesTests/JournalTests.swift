import Bench
import FoundationEssentials
import Glibc
import Testing

@testable import Kubernetes

/// The journal on the disk, and what is read from it after a run that was killed.
@Suite("Journal")
struct JournalTests {
  private static let workload = Workload(.deployment, "w")

  /// Runs a test in a folder of its own.
  private func withFolder(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/votebench-journal-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
  }

  private func header() throws -> JournalHeader {
    let kubeconfig = """
      {"current-context":"c","contexts":[{"name":"c","context":{"cluster":"d"}}],\
      "clusters":[{"name":"d","cluster":{"server":"https://s"}}]}
      """
    let address = try ClusterAddress(
      JSONDecoder().decode(ClusterAddress.Kubeconfig.self, from: Data(kubeconfig.utf8)), context: nil)
    return JournalHeader(Kubectl(kubeconfig: "k", namespace: "n"), at: address)
  }

  /// As short as a workload can be: a journal of it is read once for each of its bytes.
  private static let small =
    #"{"kind":"Deployment","metadata":{"name":"w","uid":"u"},"spec":{"selector":{},"template":{"spec":{"containers":[]}}}}"#

  private func entries(_ before: WorkloadSnapshot) throws -> [Journal.Entry] {
    [
      .begin(try header()),
      .before(before),
      .doing(Self.workload, "kubectl set image", try RestoreFixtures.fields(.image("i:2"))),
      .done("kubectl set image", exit: 0),
      .doing(Self.workload, "kubectl set env", try RestoreFixtures.fields(.setEnv(["A-", "B-"]))),
      .done("kubectl set env", exit: 1),
      .restored(Self.workload),
    ]
  }

  @Test("what is open follows from what is in it")
  func open() async throws {
    try await withFolder { folder in
      let journal = Journal(folder: folder)
      let openAfter = [0, 0, 1, 1, 1, 1, 0]
      for (entry, count) in zip(try entries(RestoreFixtures.snapshot()), openAfter) {
        try journal.append(entry)
        let record = try journal.read()
        #expect(record.open.count == count, "\(entry)")
        if let change = record.open.first {
          #expect(try change.before == RestoreFixtures.snapshot())
          #expect(change.fields.count % 2 == 0, "a field that becomes absent is a field, too")
        }
      }
      // Changed once more: what it was counts from now.
      let later = try RestoreFixtures.snapshot(.deployment, ["/spec/replicas": .int(9)])
      let scale = try RestoreFixtures.fields(.scale(3))
      try journal.append(.before(later))
      try journal.append(.before(try RestoreFixtures.snapshot()))
      try journal.append(.doing(Self.workload, "kubectl scale", scale))
      #expect(try journal.read().open == [JournalRecord.Change(before: later, fields: scale)])
    }
  }

  @Test("cut off at any byte it is still read: as if the torn line had not been begun, and it can be gone on with")
  func torn() async throws {
    try await withFolder { folder in
      let journal = Journal(folder: folder)
      let entries = try entries(WorkloadSnapshot(json: Self.small))
      var expected: [JournalRecord] = []
      var ends: [Int] = []
      for entry in entries {
        try journal.append(entry)
        expected.append(try journal.read())
        ends.append(try Data(contentsOf: URL(filePath: journal.path)).count)
      }
      let whole = try Data(contentsOf: URL(filePath: journal.path))
      for length in 0...whole.count {
        try whole.prefix(length).write(to: URL(filePath: journal.path))
        let complete = ends.prefix { $0 <= length }.count
        #expect(try journal.read() == (complete == 0 ? JournalRecord(header: nil) : expected[complete - 1]))
        guard complete > 0, length % 29 == 0 else { continue }
        try journal.append(.restored(Self.workload))
        #expect(try journal.read().open.isEmpty)
      }
    }
  }

  @Test(
    "what is no journal is said to be none, with the line",
    arguments: [
      ("{\"journal\":\"votebench.journal/9\"}\n", "line 1"), ("{}\n", "line 1"), ("nonsense\n", "line 1"),
      ("{\"restored\":true,\"workload\":\"deployment/w\"}\n", "does not begin"),
    ])
  func unreadable(text: String, cause: String) async throws {
    try await withFolder { folder in
      let journal = Journal(folder: folder)
      try Data(text.utf8).write(to: URL(filePath: journal.path))
      let error = #expect(throws: JournalError.self) { try journal.read() }
      #expect(error?.description.contains(cause) == true)
      try FileManager.default.removeItem(atPath: journal.path)
      #expect(throws: JournalError.self) { try journal.read() }
      #expect(throws: JournalError.self) { try Journal(folder: folder + "/absent").append(.restored(Self.workload)) }
    }
  }

  @Test("runs that were ended in the middle are found; one that goes on, or has put everything back, is not")
  func openBelow() async throws {
    try await withFolder { folder in
      let entries = try entries(RestoreFixtures.snapshot())
      var gone = try header()
      gone.processStart = "0"
      let runs: [(String, [Journal.Entry])] = [
        ("alive", Array(entries[0...3])), ("dead", [.begin(gone)] + entries[1...3]),
        ("restored", [.begin(gone)] + entries[1...]), ("before", [.begin(gone), entries[1]]), ("empty", []),
      ]
      for (name, entries) in runs {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        for entry in entries { try Journal(folder: "\(folder)/\(name)").append(entry) }
      }
      try FileManager.default.createDirectory(atPath: folder + "/none", withIntermediateDirectories: true)
      let open = Journal.open(below: folder)
      #expect(open.map(\.run) == ["dead"])
      #expect(open.first?.record.header?.cluster.context == "c")
      #expect(open.first?.record.header?.kubeconfig?.hasPrefix("/") == true)
      #expect(Journal.open(below: folder + "/absent").isEmpty)
    }
  }
}
