import Bench
import FoundationEssentials
import Glibc
import Kubernetes
import TestSupport
import Testing

/// The questions before a run, with scripts in the place of kubectl that print what real ones print.
@Suite("Preflight")
struct PreflightTests {
  /// What a question is answered with: standard output, standard error and exit status.
  struct Answer: Sendable {
    var output = ""
    var error = ""
    var exit = 0

    static func failed(_ error: String) -> Self { Answer(error: error, exit: 1) }
  }

  /// The questions, by the patterns by which the script knows them; the first that fits.
  enum Question: String, CaseIterable {
    case version = "*version --client*"
    case kubeconfig = "*config view*"
    case workload = "*get --raw */deployments/d"
    case workloads = "*get --raw */deployments?limit*"
    case namespace = "*get --raw /api/v1/namespaces/n"
    case reviews = "*create -f -*"
    case user = "*create --raw */selfsubjectreviews *"
  }

  private static let changes = [RolloutChange(workload: Workload(.deployment, "d"), trigger: .image("i:2"))]
  private static let permissions = Permissions(changes: changes, strategy: nil)

  private static let good: [Question: Answer] = [
    .version: Answer(output: #"{"clientVersion":{"major":"1","minor":"20+","gitVersion":"v1.20.2"}}"#),
    .kubeconfig: Answer(
      output: """
        {"contexts":[{"name":"b","context":{"cluster":"c","user":"u"}},{"name":"a","context":{"cluster":"c"}}],
        "clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:6443"}}],"current-context":"b"}
        """),
    .workload: Answer(
      output: """
        {"kind":"Deployment","metadata":{"name":"d","uid":"d"},"spec":{"replicas":4,"selector":{},"minReadySeconds":2,
        "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":"25%"}},
        "template":{"spec":{"containers":[{"name":"c","image":"i:1"}]}}}}
        """),
    .workloads: Answer(output: #"{"metadata":{"resourceVersion":"1"},"items":[]}"#),
    .namespace: Answer(output: #"{"metadata":{"name":"n"}}"#),
    .reviews: Answer(output: PermissionsTests.answer(permissions)),
    .user: Answer(output: #"{"status":{"userInfo":{"username":"system:serviceaccount:n:votebench"}}}"#),
  ]

  private static let notFound = Answer.failed(#"Error from server (NotFound): deployments.apps "d" not found"#)

  /// Asks a kubectl that gives good answers, but for these; gives what it was run with, too.
  private func preflight(
    _ answers: [Question: Answer], context: String? = nil, limit: Duration = .seconds(5)
  ) async throws -> (result: Result<ClusterAccess, KubectlError>, log: [String]) {
    var result: Result<ClusterAccess, KubectlError>?
    var log: [String] = []
    try await withStage { stage in
      let path = stage.folder + "/kubectl"
      let cases = Question.allCases.map { question in
        let answer = answers[question] ?? Self.good[question] ?? Answer()
        return "\(question.rawValue.replacing(" ", with: "\\ ")))\ncat <<'O'\n\(answer.output)\nO\n"
          + "cat >&2 <<'E'\n\(answer.error)\nE\n\(answer.exit < 0 ? "exec sleep 60" : "exit \(answer.exit)");;\n"
      }.joined()
      let text = "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \(stage.folder)/log\ncase \"$*\" in\n\(cases)*) exit 99;;\nesac\n"
      try Data(text.utf8).write(to: URL(filePath: path))
      chmod(path, 0o755)
      let kubectl = Kubectl(executable: path, context: context, namespace: "n")
      let preflight = Preflight(kubectl: kubectl, changes: Self.changes, strategy: nil, limit: limit)
      do throws(KubectlError) {
        result = .success(try await preflight.run())
      } catch {
        result = .failure(error)
      }
      log =
        (try? String(contentsOfFile: stage.folder + "/log", encoding: .utf8))?.split(separator: "\n").map(String.init)
        ?? []
    }
    return (try #require(result), log)
  }

  @Test("a cluster that answers and permits is named with what is in it, by questions alone")
  func good() async throws {
    let (result, log) = try await preflight([:])
    let access = try result.get()
    #expect(
      access.lines == [
        "context b (https://127.0.0.1:6443), namespace n: deployment/d, 4 pods of i:1, maxSurge 1, maxUnavailable 25%, "
          + "minReadySeconds 2"
      ])
    #expect(access.workloads.map(\.workload) == [Workload(.deployment, "d")])
    #expect(log.map { $0.split(separator: " ").dropFirst(2).first } == ["version", "config", "get", "create"])
  }

  @Test(
    "each cause is known by its code and said in one line that names it",
    arguments: [
      ([.version: Answer(output: #"{"clientVersion":{"major":"1","minor":"19"}}"#)], .unsupported, "older than 1.20"),
      ([.version: Answer(output: "Hello")], .unreadable, "version"),
      ([.kubeconfig: .failed("error: error loading config file \"f\": yaml: line 4: no")], .refused, "yaml: line 4"),
      (
        [.kubeconfig: Answer(output: #"{"contexts":[{"name":"a"}],"current-context":"gone"}"#)], .noContext,
        "there is no context 'gone'; there are: a."
      ),
      (
        [.workload: .failed("error: You must be logged in to the server (Unauthorized)")], .unauthorized,
        "context b (https://127.0.0.1:6443): "
      ),
      (
        [.workload: notFound, .namespace: .failed(#"Error from server (NotFound): namespaces "n" not found"#)],
        .notFound,
        "there is no namespace 'n'."
      ),
      ([.workload: notFound], .notFound, "there is no deployment 'd' in namespace 'n', nor any other."),
      (
        [
          .workload: notFound, .namespace: .failed("Error from server (Forbidden): namespaces \"n\" is forbidden"),
          .workloads: Answer(
            output: """
              {"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"app"}},{"metadata":{"name":"db"}}]}
              """),
        ], .notFound, "there is no deployment 'd' in namespace 'n'; there are: db, app."
      ),
      (
        [.reviews: Answer(output: PermissionsTests.answer(permissions, denying: Set(permissions.all.suffix(2))))],
        .forbidden,
        "votebench may not list and watch events in namespace n (User \"system:serviceaccount:n:votebench\"). Add these"
      ),
      (
        [
          .reviews: Answer(output: PermissionsTests.answer(permissions, denying: Set(permissions.all.prefix(1)))),
          .workload: .failed(#"Error from server (Forbidden): deployments.apps "d" is forbidden: User "x" cannot"#),
          .user: .failed("Error from server (NotFound): the server could not find the requested resource"),
        ], .forbidden,
        "votebench may not get deployments.apps in namespace n (user 'u' of the kubeconfig). Add this verb"
      ),
    ] as [([Question: Answer], KubectlError.Code, String)])
  func causes(answers: [Question: Answer], code: KubectlError.Code, text: String) async throws {
    let (result, _) = try await preflight(answers)
    guard case .failure(let error) = result else {
      Issue.record("no error, but expected: \(text)")
      return
    }
    #expect(error.code == code, "\(error)")
    #expect(error.description.contains(text), "\(error)")
    #expect(!error.description.contains("\n"))
  }

  @Test("a context that is asked for and not there is named, with those that are; the API server is not asked")
  func wrongContext() async throws {
    let (result, log) = try await preflight([:], context: "nope")
    guard case .failure(let error) = result else {
      Issue.record("there is no such context")
      return
    }
    #expect(error.code == .noContext)
    #expect(error.cause == "there is no context 'nope'; there are: a, b")
    #expect(!log.contains { $0.contains("--raw") })
  }

  @Test("a server without access reviews is no error: the permissions were not checked, and that is said")
  func unchecked() async throws {
    let said = #"error: unable to recognize "STDIN": no matches for kind "SelfSubjectAccessReview""#
    let (result, _) = try await preflight([.reviews: .failed(said)])
    #expect(try result.get().unchecked == "permissions were not checked: \(said)")
    #expect(try result.get().lines.count == 2)
  }

  @Test("a server that never answers is given up")
  func hangs() async throws {
    let began = ContinuousClock.now
    let (result, _) = try await preflight([.workload: Answer(exit: -1)], limit: .seconds(3))
    guard case .failure(let error) = result else {
      Issue.record("it never answered")
      return
    }
    #expect(error.code == .noAnswer)
    #expect(error.description.hasPrefix("context b (https://127.0.0.1:6443): "))
    #expect(ContinuousClock.now - began < .seconds(60))
  }
}
