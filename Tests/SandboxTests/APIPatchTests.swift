import Testing

@testable import Sandbox

@Suite("Patches, selectors and JSON")
struct APIPatchTests {
  @Test(
    "a strategic merge patch merges lists by their keys",
    arguments: [
      (
        #"{"containers":[{"name":"a","image":"x:1","env":[{"name":"E","value":"1"}]},{"name":"b"}]}"#,
        #"{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"a","image":"x:2"}]}"#,
        #"{"containers":[{"name":"a","image":"x:2","env":[{"name":"E","value":"1"}]},{"name":"b"}]}"#
      ),
      (
        #"{"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}"#,
        #"{"env":[{"name":"A","$patch":"delete"},{"name":"C","value":"3"}]}"#,
        #"{"env":[{"name":"B","value":"2"},{"name":"C","value":"3"}]}"#
      ),
      (#"{"paused":true,"x":1}"#, #"{"paused":null}"#, #"{"x":1}"#),
      (#"{"command":["a","b"]}"#, #"{"command":["c"]}"#, #"{"command":["c"]}"#),
      (
        #"{"ports":[{"containerPort":80,"protocol":"TCP"}]}"#, #"{"ports":[{"containerPort":81}]}"#,
        #"{"ports":[{"containerPort":80,"protocol":"TCP"},{"containerPort":81}]}"#
      ),
      (
        #"{"volumes":[{"name":"v","emptyDir":{}}]}"#,
        #"{"volumes":[{"name":"v","$retainKeys":["name","secret"],"secret":{"secretName":"s"}}]}"#,
        #"{"volumes":[{"name":"v","secret":{"secretName":"s"}}]}"#
      ),
      (
        #"{"conditions":[{"type":"A","status":"True"},{"type":"B","status":"True"}]}"#,
        #"{"conditions":[{"type":"A","status":"False"}]}"#,
        #"{"conditions":[{"type":"A","status":"False"},{"type":"B","status":"True"}]}"#
      ),
      (
        #"{"strategy":{"rollingUpdate":{"maxSurge":1}}}"#, #"{"strategy":{"$patch":"replace","type":"Recreate"}}"#,
        #"{"strategy":{"type":"Recreate"}}"#
      ),
      (
        #"{"containers":[{"name":"a"},{"name":"b"}]}"#,
        #"{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"b"},{"name":"a"}]}"#,
        #"{"containers":[{"name":"b"},{"name":"a"}]}"#
      ),
    ])
  func strategic(object: String, patch: String, result: String) throws {
    var object = try JSON(parsing: object)
    try StrategicMergePatch.apply(JSON(parsing: patch), to: &object)
    #expect(object == (try JSON(parsing: result)), "\(object.text)")
  }

  @Test(
    "a JSON patch is applied whole or not at all",
    arguments: [
      (#"[{"op":"replace","path":"/a","value":2}]"#, #"{"a":2,"l":[1,2]}"#),
      (#"[{"op":"add","path":"/l/1","value":9},{"op":"add","path":"/l/-","value":3}]"#, #"{"a":1,"l":[1,9,2,3]}"#),
      (#"[{"op":"remove","path":"/l/0"}]"#, #"{"a":1,"l":[2]}"#),
      (#"[{"op":"add","path":"/x~1y","value":{}}]"#, #"{"a":1,"l":[1,2],"x/y":{}}"#),
      (#"[{"op":"copy","from":"/a","path":"/b"},{"op":"move","from":"/a","path":"/c"}]"#, #"{"b":1,"c":1,"l":[1,2]}"#),
      (#"[{"op":"test","path":"/a","value":1},{"op":"remove","path":"/a"}]"#, #"{"l":[1,2]}"#),
      (#"[{"op":"remove","path":"/a"},{"op":"test","path":"/l/0","value":5}]"#, nil),
      (#"[{"op":"replace","path":"/nosuch","value":1}]"#, nil), (#"[{"op":"add","path":"/l/7","value":1}]"#, nil),
      (#"[{"op":"frobnicate","path":"/a"}]"#, nil),
    ])
  func jsonPatch(patch: String, result: String?) throws {
    var object: JSON = ["a": 1, "l": [1, 2]]
    let before = object
    let patch = try JSONPatch(JSON(parsing: patch))
    if let result {
      try patch.apply(to: &object)
      #expect(object == (try JSON(parsing: result)), "\(object.text)")
    } else {
      #expect(throws: APIStatus.self) { try patch.apply(to: &object) }
      #expect(object == before)
    }
  }

  @Test(
    "a label selector picks what Kubernetes' would",
    arguments: [
      ("", true), ("app=vote", true), ("app==vote", true), ("app!=vote", false), ("tier!=x", true), ("app", true),
      ("!app", false), ("!tier", true), ("app in (a,vote)", true), ("app notin (vote)", false),
      ("app=vote,env=x", false),
      ("tier notin (x)", true), ("app in (vote),env in (prod, test)", true), (" app = vote ", true),
    ])
  func labels(query: String, matches: Bool) throws {
    #expect(try LabelSelector(query: query).matches(["app": "vote", "env": "prod"]) == matches)
  }

  @Test("a selector that is none is refused", arguments: ["app in vote)", "a b", "app in", "(x)"])
  func badLabels(query: String) {
    #expect(throws: APIStatus.self) { try LabelSelector(query: query) }
  }

  @Test(
    "a field selector picks by fields",
    arguments: [
      ("metadata.name=a", true), ("metadata.name!=a", false), ("status.phase=Running,spec.replicas=2", true),
      ("involvedObject.uid=x", false), ("spec.nodeName=", true),
    ])
  func fields(query: String, matches: Bool) throws {
    let object: JSON = ["metadata": ["name": "a"], "status": ["phase": "Running"], "spec": ["replicas": 2]]
    #expect(try FieldSelector(query: query).matches(object) == matches)
  }

  @Test(
    "JSON survives a round trip: whole numbers stay whole, and true stays true",
    arguments: [
      #"{"a":[1,-2,true,false,null,"x"],"b":{"c":1.5}}"#, #"[9223372036854775807]"#, #""\"\\\n\u0001é""#, "[]", "{}",
    ])
  func roundTrip(text: String) throws {
    #expect(try JSON(parsing: text).text == text)
  }

  @Test("surrogate pairs are one character")
  func surrogates() throws {
    #expect(try JSON(parsing: #""\ud83d\ude00\u00e9""#).string == "\u{1f600}\u{e9}")
  }

  @Test(
    "what is no JSON is refused",
    arguments: ["", "{", "[1,]", "{\"a\"}", "01x", "nul", "\"\u{1}\"", "[1] 2", "\"\\x\"", "+1", "\"\\u12\""])
  func notJSON(text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
  }

  @Test("JSON that is nested without end is refused")
  func deepJSON() {
    #expect(throws: JSONSyntaxError.self) { try JSON(parsing: String(repeating: "[", count: 100_000)) }
  }

  @Test("paths are made on writing, and removed by null")
  func subscripts() {
    var object: JSON = [:]
    object["a", "b"] = 1
    object["a", "c"] = "x"
    object["a", "b"] = .null
    object["x", "y"] = .null
    object["list"][where: "name", is: "n"]["value"] = 3
    #expect(object == ["a": ["c": "x"], "list": [["name": "n", "value": 3]]])
    object["list"][where: "name", is: "n"] = .null
    #expect(object["list"] == [])
  }
}
