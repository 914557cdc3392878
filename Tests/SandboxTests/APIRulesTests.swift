import Testing

@testable import Sandbox

/// What is wrong with a body is refused in the words of a real server, and nothing is changed.
@Suite("Rules for objects")
struct APIRulesTests {
  private let api: API
  private static let deployments = "/apis/apps/v1/namespaces/oggy/deployments"

  init() throws {
    api = API(try TestCluster().store)
    #expect(api.answer("POST", Self.deployments, Self.deployment())["kind"] == "Deployment")
  }

  private static func deployment(_ name: String = "d", _ change: (inout JSON) -> Void = { _ in }) -> JSON {
    var object: JSON = [
      "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": .string(name)],
      "spec": [
        "replicas": 2, "selector": ["matchLabels": ["app": "d"]],
        "template": [
          "metadata": ["labels": ["app": "d"]],
          "spec": ["containers": [["name": "c", "image": "voting-app:v1", "env": [["name": "A", "value": "1"]]]]],
        ],
      ],
    ]
    change(&object)
    return object
  }

  private func refused(_ body: JSON, _ path: String = deployments, _ query: String = "") -> JSON {
    let before = api.service.store.resourceVersion
    let answer = api.answer("POST", path + query, body)
    #expect(api.service.store.resourceVersion == before, "something was stored")
    return answer
  }

  private static let mismatches: [(patch: String, problem: String)] = [
    (
      #"{"spec":{"replicas":"x"}}"#,
      "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    ),
    (
      #"{"spec":{"paused":1}}"#,
      "json: cannot unmarshal number into Go struct field DeploymentSpec.spec.paused of type bool"
    ),
    (
      #"{"metadata":{"labels":{"a":1}}}"#,
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
    ),
    (
      #"{"spec":{"template":{"spec":{"containers":[{"name":"c","env":[{"name":"A","value":1}]}]}}}}"#,
      "json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string"
    ),
  ]

  @Test("a value of the wrong kind is a bad request that names its field", arguments: mismatches)
  func mismatch(patch: String, problem: String) throws {
    let patch = try JSON(parsing: patch)
    let answer = refused(Self.deployment("new") { $0.merge(patch) })
    #expect(answer["code"] == 400 && answer["reason"] == "BadRequest")
    let text = "Deployment in version \"v1\" cannot be handled as a Deployment: \(problem)"
    #expect(answer["message"].string == text)
  }

  @Test("an amount that is none is a bad request")
  func quantity() {
    let answer = refused(
      Self.deployment("new") { object in
        object["spec", "template", "spec", "containers"] = [
          ["name": "c", "image": "i", "resources": ["requests": ["cpu": "lots"]]]
        ]
      })
    #expect(answer["code"] == 400)
    #expect(answer["message"].string?.contains("quantities must match the regular expression") == true)
  }

  @Test("an unknown field is a failure, a warning or nothing, and never stored")
  func unknown() {
    let odd = Self.deployment("new") { $0["spec", "replica"] = 1 }
    let strict = refused(odd, Self.deployments, "?fieldValidation=Strict")
    #expect(strict["code"] == 400)
    #expect(strict["message"].string?.hasSuffix("strict decoding error: unknown field \"spec.replica\"") == true)
    let ways: [(name: String, query: String, expected: [String])] = [
      ("w", "", ["unknown field \"spec.replica\""]), ("i", "?fieldValidation=Ignore", []),
    ]
    for (name, query, expected) in ways {
      var body = odd
      body["metadata", "name"] = .string(name)
      let answer = api.raw("POST", Self.deployments + query, body.bytes)
      switch answer {
      case .warned(let object, 201, let warnings):
        #expect(warnings == expected)
        #expect(object["spec", "replica"].isNull)
      case .json(let object, 201, _):
        #expect(expected.isEmpty)
        #expect(object["spec", "replica"].isNull)
      default: Issue.record("\(answer)")
      }
    }
  }

  @Test("a strict patch with an unknown field is refused as recorded, and quotes the object")
  func strictPatch() {
    let answer = api.answer(
      "PATCH", Self.deployments + "/d?fieldValidation=Strict", ["spec": ["replica": 1]],
      type: "application/merge-patch+json")
    #expect(answer["code"] == 422 && answer["reason"] == "Invalid")
    #expect(answer["message"].string?.hasPrefix(" \"\" is invalid: patch: Invalid value: \"{\\\"apiVersion") == true)
    #expect(answer["message"].string?.hasSuffix("strict decoding error: unknown field \"spec.replica\"") == true)
    #expect(answer["details", "causes"][0]["field"] == "patch")
    #expect((answer["details"].object ?? [:]).count == 1)
  }

  private static let violations: [(container: String, text: String)] = [
    (#"{"name":"c"}"#, ".image: Required value"),
    (#"{"name":"C","image":"i"}"#, ".name: Invalid value: \"C\": " + Names.label),
    (
      #"{"name":"c","image":"i","imagePullPolicy":"X"}"#,
      #".imagePullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never""#
    ),
    (
      #"{"name":"c","image":"i","readinessProbe":{}}"#,
      ".readinessProbe: Required value: must specify a handler type"
    ),
    (
      #"{"name":"c","image":"i","ports":[{"containerPort":70000}]}"#,
      ".ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"
    ),
    (
      #"{"name":"c","image":"i","volumeMounts":[{"name":"v","mountPath":"/v"}]}"#,
      #".volumeMounts[0].name: Not found: "v""#
    ),
  ]

  @Test("a rule that is broken is told with its field", arguments: violations)
  func broken(container: String, text: String) throws {
    let container = try JSON(parsing: container)
    let answer = refused(Self.deployment("new") { $0["spec", "template", "spec", "containers"] = [container] })
    #expect(answer["code"] == 422 && answer["reason"] == "Invalid", "\(answer.text)")
    let expected = "Deployment.apps \"new\" is invalid: spec.template.spec.containers[0]" + text
    #expect(answer["message"].string == expected)
  }

  @Test("a name that is none, an empty selector and another restart policy are refused")
  func others() {
    let named = refused(Self.deployment("A_b"))
    #expect(named["message"].string?.contains("metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123") == true)
    let empty = refused(Self.deployment("new") { $0["spec", "selector"] = [:] })
    #expect(empty["message"].string?.contains("empty selector is invalid for deployment") == true)
    let never = refused(Self.deployment("new") { $0["spec", "template", "spec", "restartPolicy"] = "Never" })
    #expect(never["message"].string?.contains("supported values: \"Always\"") == true)
  }

  @Test("of a StatefulSet only some fields can be changed")
  func statefulSet() {
    let path = "/apis/apps/v1/namespaces/oggy/statefulsets"
    let set = Self.deployment("s") { object in
      object["kind"] = "StatefulSet"
      object["spec", "serviceName"] = "s"
      object["spec", "volumeClaimTemplates"] = [
        [
          "metadata": ["name": "data"],
          "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
        ]
      ]
      object["spec", "template", "spec", "containers"] = [
        ["name": "c", "image": "i", "volumeMounts": [["name": "data", "mountPath": "/data"]]]
      ]
    }
    #expect(api.answer("POST", path, set)["kind"] == "StatefulSet")
    func patched(_ patch: JSON) -> JSON {
      api.answer("PATCH", path + "/s", patch, type: "application/merge-patch+json")
    }
    let refused = patched(["spec": ["serviceName": "other"]])
    #expect(refused["code"] == 422)
    #expect(refused["message"].string?.contains("spec: Forbidden: updates to statefulset spec for fields") == true)
    #expect(patched(["spec": ["replicas": 5, "minReadySeconds": 2]])["spec", "replicas"] == 5)
  }

  @Test("preconditions of a deletion are kept, and orphans stay")
  func deletion() {
    let path = Self.deployments + "/d"
    let conflict = api.answer("DELETE", path, ["preconditions": ["uid": "x"]])
    #expect(conflict["code"] == 409)
    #expect(conflict["message"].string?.contains("Precondition failed: UID in precondition: x") == true)
    #expect(api.answer("DELETE", path + "?dryRun=All")["status"] == "Success")
    #expect(api.answer("GET", path)["kind"] == "Deployment")
    let uid = api.answer("GET", path)["metadata", "uid"]
    let owned = Self.deployment("rs") { object in
      object["kind"] = "ReplicaSet"
      object["metadata", "ownerReferences"] = [
        ["apiVersion": "apps/v1", "kind": "Deployment", "name": "d", "uid": uid, "controller": true]
      ]
    }
    let sets = "/apis/apps/v1/namespaces/oggy/replicasets"
    #expect(api.answer("POST", sets, owned)["kind"] == "ReplicaSet")
    #expect(api.answer("DELETE", path + "?propagationPolicy=Orphan")["status"] == "Success")
    let orphan = api.answer("GET", sets + "/rs")
    #expect(orphan["kind"] == "ReplicaSet" && orphan["metadata", "ownerReferences"].isNull)
  }

  @Test("every type that the table names is in it")
  func table() {
    func named(_ kind: Schema.Kind) -> String? {
      switch kind {
      case .message(let name): name
      case .list(let inner, _, _), .map(let inner, _): named(inner)
      default: nil
      }
    }
    for (name, message) in Schema.served.messages {
      for field in message.fields {
        guard let inner = named(field.kind) else { continue }
        #expect(Schema.served.messages[inner] != nil, "\(name).\(field.name)")
      }
      let numbers = message.fields.compactMap(\.number)
      #expect(Set(numbers).count == numbers.count, "\(name) has a number twice")
    }
    for resource in Resource.all { #expect(Schema.served.message(resource) != nil, "\(resource.kind)") }
  }
}
