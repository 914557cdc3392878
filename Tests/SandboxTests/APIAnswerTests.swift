import FoundationEssentials
import Testing

@testable import Sandbox

@Suite("The API's answers")
struct APIAnswerTests {
  private let cluster: TestCluster
  private let api: API
  private let path = "/apis/apps/v1/namespaces/oggy/deployments"

  init() throws {
    cluster = try TestCluster()
    api = API(cluster.store)
    let labels: JSON = ["app": "result-app"]
    let made = api.answer(
      "POST", path,
      [
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "result-app", "labels": labels],
        "spec": [
          "replicas": 2, "selector": ["matchLabels": labels],
          "strategy": ["rollingUpdate": ["maxSurge": 1, "maxUnavailable": 1]],
          "template": [
            "metadata": ["labels": labels],
            "spec": ["containers": [["name": "result-app", "image": "result-app:v1"]]],
          ],
        ],
      ])
    #expect(made["metadata", "uid"].string?.count == 36)
  }

  @Test(
    "a failure is told in the words of a real server",
    arguments: [
      ("get-404", "GET", "/nosuch", "", ""),
      ("patch-400-not-json", "PATCH", "/result-app", "", "application/merge-patch+json"),
      ("patch-415-content-type", "PATCH", "/result-app", "{}", "application/json"),
      (
        "patch-409-stale-resourceVersion", "PATCH", "/result-app", #"{"metadata":{"resourceVersion":"1"}}"#,
        "application/merge-patch+json"
      ),
      (
        "patch-422-negative-replicas", "PATCH", "/result-app", #"{"spec":{"replicas":-1}}"#,
        "application/merge-patch+json"
      ),
      (
        "patch-422-selector-immutable", "PATCH", "/result-app", #"{"spec":{"selector":{"matchLabels":{"app":"x"}}}}"#,
        "application/merge-patch+json"
      ),
      (
        "patch-422-surge-and-unavailable-0", "PATCH", "/result-app",
        #"{"spec":{"strategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":0}}}}"#, "application/merge-patch+json"
      ),
      (
        "json-patch-422-test-failed", "PATCH", "/result-app", #"[{"op":"test","path":"/spec/replicas","value":77}]"#,
        "application/json-patch+json"
      ),
      ("rollback-subresource-404", "POST", "/result-app/rollback", "{}", "application/json"),
    ])
  func failures(fixture: String, method: String, rest: String, body: String, type: String) throws {
    let answer = api.raw(method, path + rest, [UInt8](body.utf8), type: type)
    guard case .json(let status, let code, _) = answer else {
      Issue.record("no object: \(answer)")
      return
    }
    let recorded = try Fixture.json("answer-\(fixture)")
    #expect(status == recorded, "\(status.text)")
    #expect(code == recorded["code"].int)
  }

  @Test("creating what is there already is a conflict that names it")
  func exists() throws {
    let object = api.answer("GET", path + "/result-app")
    #expect(api.answer("POST", path, object) == (try Fixture.json("answer-create-409-exists")))
  }

  @Test("a change that changes nothing makes no new version")
  func unchanged() {
    let before = api.answer("GET", path + "/result-app")
    let after = api.answer(
      "PATCH", path + "/result-app", ["spec": ["replicas": 2]], type: "application/merge-patch+json")
    #expect(after == before)
  }

  @Test("a dry run answers what would be and stores nothing")
  func dryRun() {
    let patch: JSON = ["spec": ["replicas": 7]]
    let answer = api.answer(
      "PATCH", path + "/result-app?dryRun=All", patch, type: "application/merge-patch+json")
    #expect(answer["spec", "replicas"] == 7)
    #expect(api.answer("GET", path + "/result-app")["spec", "replicas"] == 2)
  }

  @Test("defaults are those of a real server")
  func defaults() {
    let spec = api.answer("GET", path + "/result-app")["spec"]
    #expect(spec["progressDeadlineSeconds"] == 600)
    #expect(spec["revisionHistoryLimit"] == 10)
    #expect(spec["strategy", "type"] == "RollingUpdate")
    let pod = spec["template", "spec"]
    #expect(pod["terminationGracePeriodSeconds"] == 30)
    #expect(pod["containers"][0]["imagePullPolicy"] == "IfNotPresent")
  }

  @Test("a change of the spec raises the generation, one of metadata or status does not")
  func generation() throws {
    let name = path + "/result-app"
    func generation(_ patch: JSON, _ part: String = "") -> Int? {
      _ = api.answer("PATCH", name + part, patch, type: "application/merge-patch+json")
      return api.answer("GET", name)["metadata", "generation"].int
    }
    #expect(generation(["metadata": ["annotations": ["a": "b"]]]) == 1)
    #expect(generation(["status": ["replicas": 9]]) == 1)
    #expect(api.answer("GET", name)["status", "replicas"].isNull)
    #expect(generation(["status": ["replicas": 9]], "/status") == 1)
    #expect(api.answer("GET", name)["status", "replicas"] == 9)
    #expect(generation(["spec": ["replicas": 3]], "/scale") == 2)
  }

  @Test("a pod on a node is marked for its grace period, and a second deletion can only shorten it")
  func grace() throws {
    try cluster.settle()
    let pod = "/api/v1/namespaces/oggy/pods/\(try #require(cluster.pods.first).named)"
    let marked = api.answer("DELETE", pod)
    #expect(marked["metadata", "deletionGracePeriodSeconds"] == 30)
    #expect(marked["metadata", "deletionTimestamp"] == "2026-11-22T19:00:30Z")
    #expect(api.answer("DELETE", pod + "?gracePeriodSeconds=60") == marked)
    #expect(api.answer("DELETE", pod, ["gracePeriodSeconds": 5])["metadata", "deletionGracePeriodSeconds"] == 5)
    #expect(api.answer("DELETE", pod + "?gracePeriodSeconds=0")["status"] == "Success")
    #expect(api.answer("GET", pod)["code"] == 404)
  }

  @Test("a table has the columns that kubectl prints")
  func table() throws {
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    let table = api.answer("GET", path, accept: accept)
    #expect(table["kind"] == "Table")
    let names = table["columnDefinitions"].elements.compactMap { $0["name"].string }
    #expect(names == ["Name", "Ready", "Up-to-date", "Available", "Age", "Containers", "Images", "Selector"])
    #expect(
      table["rows"][0]["cells"] == ["result-app", "0/2", 0, 0, "0s", "result-app", "result-app:v1", "app=result-app"])
  }

  @Test(
    "ages are written as kubectl writes them",
    arguments: [
      (0, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"), (600, "10m"), (3_600, "60m"), (10_800, "3h"),
      (11_400, "3h10m"), (28_800, "8h"), (172_800, "2d"), (180_000, "2d2h"), (800_000, "9d"),
    ])
  func ages(seconds: Double, text: String) {
    let start = Date(timeIntervalSince1970: 1_795_000_000)
    #expect(Age.text(since: Timestamp.text(start), now: start.addingTimeInterval(seconds)) == text)
  }

  @Test("discovery names every kind in both forms")
  func discovery() {
    let plain = api.answer("GET", "/apis/apps/v1")["resources"].elements.compactMap { $0["name"].string }
    #expect(plain.contains("deployments/scale"))
    let aggregated = api.answer("GET", "/apis", accept: Discovery.aggregatedType)
    #expect(aggregated["kind"] == "APIGroupDiscoveryList")
    #expect(aggregated["items"][where: "x", is: "y"].isNull)
    #expect(aggregated["items"].elements.contains { $0["metadata", "name"] == "apps" })
    #expect(api.answer("GET", "/version")["minor"] == "33")
  }
}
