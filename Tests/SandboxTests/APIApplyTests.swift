import Testing

@testable import Sandbox

@Suite("Server-side apply")
struct APIApplyTests {
  private let api: API
  private static let path = "/apis/apps/v1/namespaces/oggy/deployments/d"

  init() throws {
    api = API(try TestCluster().store)
  }

  private static func configuration(_ change: (inout JSON) -> Void = { _ in }) -> JSON {
    var object: JSON = [
      "apiVersion": "apps/v1", "kind": "Deployment",
      "metadata": ["name": "d", "namespace": "oggy", "labels": ["app": "d", "tier": "x"]],
      "spec": [
        "replicas": 2, "selector": ["matchLabels": ["app": "d"]],
        "template": [
          "metadata": ["labels": ["app": "d"]],
          "spec": [
            "containers": [
              [
                "name": "c", "image": "i:1", "env": [["name": "A", "value": "1"], ["name": "B", "value": "2"]],
                "ports": [["containerPort": 80]],
              ],
              ["name": "second", "image": "j:1"],
            ]
          ],
        ],
      ],
    ]
    change(&object)
    return object
  }

  private func apply(_ object: JSON, _ manager: String = "a", force: Bool = false) -> JSON {
    api.answer(
      "PATCH", "\(Self.path)?fieldManager=\(manager)&force=\(force)", object, type: "application/apply-patch+yaml")
  }

  private func patch(_ patch: JSON, _ manager: String) -> JSON {
    api.answer(
      "PATCH", "\(Self.path)?fieldManager=\(manager)", patch, type: "application/strategic-merge-patch+json")
  }

  private static func entry(_ object: JSON, _ manager: String) -> JSON {
    object["metadata", "managedFields"].elements.first { $0["manager"].string == manager } ?? .null
  }

  @Test("what is absent is created, with its fields under the manager's name")
  func creates() {
    let made = apply(Self.configuration())
    let entry = Self.entry(made, "a")
    #expect(entry["operation"] == "Apply" && entry["fieldsType"] == "FieldsV1")
    let fields = entry["fieldsV1"]
    #expect(fields["f:metadata"] == ["f:labels": ["f:app": [:], "f:tier": [:]]])
    #expect(fields["f:spec", "f:selector"] == [:])
    let container = fields["f:spec", "f:template", "f:spec", "f:containers", #"k:{"name":"c"}"#]
    #expect(container["."] == [:] && container["f:image"] == [:])
    #expect(container["f:ports", #"k:{"containerPort":80,"protocol":"TCP"}"#]["f:containerPort"] == [:])
  }

  @Test("what is applied no more is removed, but not what others set")
  func removes() {
    _ = apply(Self.configuration())
    _ = patch(["metadata": ["labels": ["mine": "1"]]], "other")
    let after = apply(
      Self.configuration { object in
        object["metadata", "labels"] = ["app": "d"]
        object["spec", "template", "spec", "containers"] = [
          ["name": "c", "image": "i:1", "env": [["name": "B", "value": "2"]], "ports": [["containerPort": 80]]]
        ]
      })
    #expect(after["metadata", "labels"] == ["app": "d", "mine": "1"])
    let containers = after["spec", "template", "spec", "containers"]
    #expect(containers.elements.map { $0["name"] } == ["c"])
    #expect(containers[0]["env"] == [["name": "B", "value": "2"]])
    #expect(containers[0]["ports"] == [["containerPort": 80, "protocol": "TCP"]])
  }

  @Test("applying the same again changes nothing")
  func idempotent() {
    let first = apply(Self.configuration())
    #expect(apply(Self.configuration()) == first)
  }

  @Test("another manager's value is a conflict that names the manager and the field, unless it is forced")
  func conflict() {
    _ = apply(Self.configuration())
    _ = patch(["spec": ["replicas": 5]], "kubectl-scale")
    let refused = apply(Self.configuration())
    #expect(refused["code"] == 409 && refused["reason"] == "Conflict")
    #expect(
      refused["message"]
        == "Apply failed with 1 conflict: conflict with \"kubectl-scale\" using apps/v1: .spec.replicas")
    #expect(
      refused["details", "causes"] == [
        [
          "reason": "FieldManagerConflict", "message": "conflict with \"kubectl-scale\" using apps/v1",
          "field": ".spec.replicas",
        ]
      ])
    #expect(api.answer("GET", Self.path)["spec", "replicas"] == 5)
    let forced = apply(Self.configuration(), force: true)
    #expect(forced["spec", "replicas"] == 2)
    #expect(Self.entry(forced, "kubectl-scale").isNull)
  }

  @Test("two appliers may share a field while they agree, and conflict in a container by its name")
  func shared() {
    _ = apply(Self.configuration())
    #expect(apply(Self.configuration(), "b")["kind"] == "Deployment")
    let refused = apply(
      Self.configuration { object in
        var containers = object["spec", "template", "spec", "containers"]
        containers[0]["image"] = "i:2"
        object["spec", "template", "spec", "containers"] = containers
      }, "b")
    #expect(
      refused["message"]
        == "Apply failed with 1 conflict: conflict with \"a\": .spec.template.spec.containers[name=\"c\"].image")
  }

  @Test("a field that the type does not have is refused, and so is an apply without a manager")
  func refused() {
    let odd = apply(Self.configuration { $0["spec", "replica"] = 1 })
    #expect(odd["code"] == 500)
    #expect(odd["message"].string?.hasSuffix(".spec.replica: field not declared in schema") == true)
    let nobody = api.answer("PATCH", Self.path, Self.configuration(), type: "application/apply-patch+yaml")
    #expect(nobody["code"] == 422)
    #expect(api.answer("GET", Self.path)["code"] == 404)
  }

  @Test("a dry run of an apply stores nothing")
  func dryRun() {
    let answer = api.answer(
      "PATCH", "\(Self.path)?fieldManager=a&dryRun=All", Self.configuration(), type: "application/apply-patch+yaml")
    #expect(answer["metadata", "uid"].string != nil)
    #expect(api.answer("GET", Self.path)["code"] == 404)
  }

  @Test(
    "sets of fields survive the wire, and are joined, taken apart and crossed",
    arguments: [(#"{"f:a":{".":{},"f:b":{}},"f:c":{}}"#, #"{"f:a":{"f:b":{}}}"#)])
  func sets(left: String, right: String) throws {
    let (left, right) = (FieldSet(try JSON(parsing: left)), FieldSet(try JSON(parsing: right)))
    #expect(FieldSet(left.json) == left)
    #expect(left.union(right) == left)
    #expect(left.intersection(right) == right)
    #expect(left.subtracting(right).union(right) == left)
    #expect(left.subtracting(left).isEmpty)
  }

  @Test("an object in protobuf is the same as in JSON")
  func protobuf() throws {
    // A ConfigMap "m" with data {"k": "v"}, as kubectl's encoder writes it.
    let metadata: [UInt8] = [0x0a, 0x01, 0x6d, 0x12, 0x00, 0x1a, 0x00]
    let pair: [UInt8] = [0x0a, 0x01, 0x6b, 0x12, 0x01, 0x76]
    let map = [0x0a, UInt8(metadata.count)] + metadata + [0x12, UInt8(pair.count)] + pair
    let type: [UInt8] = [0x0a, 0x02] + Array("v1".utf8) + [0x12, 0x09] + Array("ConfigMap".utf8)
    let envelope = [0x0a, UInt8(type.count)] + type + [0x12, UInt8(map.count)] + map
    let body = Array("k8s".utf8) + [0] + envelope
    let answer = api.raw(
      "POST", "/api/v1/namespaces/oggy/configmaps", body, type: "application/vnd.kubernetes.protobuf")
    guard case .json(let object, 201, _) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(object["metadata", "name"] == "m" && object["data"] == ["k": "v"])
    #expect(Protobuf.object(Array(body.dropLast())) == nil)
  }
}
