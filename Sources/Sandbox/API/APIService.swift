import FoundationEssentials

/// The API without HTTP: a request in, an answer out.
///
/// Reading is here, changing in ``APIWriter``.
struct APIService: Sendable {
  /// The objects.
  var store: ObjectStore
  /// Who has the containers, for logs and commands; nil if nobody has any.
  var kubelet: Kubelet?
  /// Who there is.
  var access = APIAccess()

  /// How long a watch lasts if the client sets no limit.
  static let longestWatch = Duration.seconds(1_800)

  /// Answers a request; failures are answers too, also that it may not be made.
  func answer(_ request: APIRequest, as identity: Identity) -> APIAnswer {
    let answers = AccessAnswers(store: store, tokens: access.tokens)
    do throws(APIStatus) {
      try answers.authorize(request, identity)
      if let answer = try meta(request) { return answer }
      guard let target = APITarget(path: request.path) else { throw .noSuchPath }
      if let answer = try answers.answer(request, target, identity) { return answer }
      if let answer = try podAnswer(request, target) { return answer }
      if request.method == "GET" { return try read(request, target) }
      return try APIWriter(store: store).answer(request, target)
    } catch {
      return .failure(error)
    }
  }

  // MARK: What is no object

  private func meta(_ request: APIRequest) throws(APIStatus) -> APIAnswer? {
    guard request.method == "GET", let root = request.path.first else {
      return request.path.isEmpty && request.method == "GET" ? .json(["paths": ["/api", "/apis", "/version"]]) : nil
    }
    switch root {
    case "version": return .json(Discovery.version)
    case "healthz", "readyz", "livez": return .text("ok")
    case "openapi": return try openAPI(request)
    case "api", "apis": return discovery(request)
    default: return nil
    }
  }

  private func discovery(_ request: APIRequest) -> APIAnswer? {
    let path = request.path
    let aggregated = request.accept.contains("g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
    switch (path[0], path.count) {
    case ("api", 1), ("apis", 1):
      if aggregated {
        return .json(Discovery.aggregated(core: path[0] == "api"), type: Discovery.aggregatedType)
      }
      return .json(path[0] == "api" ? Discovery.coreVersions : Discovery.groupList)
    case ("api", 2): return Discovery.resourceList(group: "", version: path[1]).map { .json($0) }
    case ("apis", 2): return Discovery.groupDescription(path[1]).map { .json($0) }
    case ("apis", 3): return Discovery.resourceList(group: path[1], version: path[2]).map { .json($0) }
    default: return nil
    }
  }

  private func openAPI(_ request: APIRequest) throws(APIStatus) -> APIAnswer {
    let path = request.path.dropFirst()
    switch (path.first, path.count) {
    case ("v2", 1):
      // An empty protobuf message is a document without paths and definitions.
      if request.accept.contains("protobuf") {
        return .bytes([], type: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
      }
      return .json(OpenAPI.v2)
    case ("v3", 1): return .json(OpenAPI.index, type: "text/plain; charset=utf-8")  // as a real server has it
    case ("v3", 3), ("v3", 4):
      let group = path.count == 4 ? request.path[3] : ""
      guard let found = OpenAPI.groupVersion(group: group, version: request.path.last ?? "") else { break }
      return .json(found)
    default: break
    }
    throw .noSuchPath
  }

  // MARK: Objects

  private func read(_ request: APIRequest, _ target: APITarget) throws(APIStatus) -> APIAnswer {
    guard let name = target.name else {
      return request.flag("watch") && request.query["watch"] != nil
        ? try watch(request, target) : try list(request, target)
    }
    guard let object = store.get(target.resource, namespace: target.namespace, name: name) else {
      throw .notFound(target.resource, name)
    }
    if target.subresource == "scale" { return .json(Scale.of(object)) }
    guard let table = table(request, target.resource) else { return .json(object) }
    return .json(table.render([object], version: nil))
  }

  private func list(_ request: APIRequest, _ target: APITarget) throws(APIStatus) -> APIAnswer {
    let matches = try Self.selection(request, target)
    let (all, version) = store.list(target.resource, namespace: target.namespace)
    let items = all.filter(matches)
    if let table = table(request, target.resource) { return .json(table.render(items, version: version)) }
    return .json([
      "kind": .string("\(target.resource.kind)List"), "apiVersion": .string(target.resource.apiVersion),
      "metadata": ["resourceVersion": .string("\(version)")], "items": .array(items.map(Self.withoutKind)),
    ])
  }

  // The list names the kind of all its items.
  private static func withoutKind(_ item: JSON) -> JSON {
    var item = item
    item["kind"] = .null
    item["apiVersion"] = .null
    return item
  }

  private func table(_ request: APIRequest, _ resource: Resource) -> Table? {
    guard request.wantsTable else { return nil }
    let version = request.accept.contains("as=Table;v=v1;") ? "v1" : "v1beta1"
    return Table(
      resource: resource, now: { [store] in store.now }, apiVersion: version,
      include: request.query["includeObject"] ?? "Metadata")
  }

  /// Which objects the selectors of a query name, within the target's namespace and name.
  static func selection(_ request: APIRequest, _ target: APITarget) throws(APIStatus) -> @Sendable (JSON) -> Bool {
    let labels = try LabelSelector(query: request.query["labelSelector"] ?? "")
    let fields = try FieldSelector(query: request.query["fieldSelector"] ?? "")
    return { object in
      (target.namespace == nil || object["metadata", "namespace"].string == target.namespace)
        && (target.name == nil || object["metadata", "name"].string == target.name)
        && labels.matches(object) && fields.matches(object)
    }
  }

  private func watch(_ request: APIRequest, _ target: APITarget) throws(APIStatus) -> APIAnswer {
    let matches = try Self.selection(request, target)
    let sendsInitial = request.flag("sendInitialEvents") && request.query["sendInitialEvents"] != nil
    var start = request.query["resourceVersion"].flatMap { Int($0) } ?? 0
    var initial: [JSON] = []
    if start == 0 || sendsInitial {
      let now = store.list(target.resource, namespace: target.namespace)
      (initial, start) = (now.items.filter(matches), now.resourceVersion)
    }
    let limit = request.query["timeoutSeconds"].flatMap { Int($0) }.map { Duration.seconds(max(0, $0)) }
    do throws(APIStatus) {
      return .watch(
        WatchFeed(
          resource: target.resource, initial: initial, version: start,
          events: try store.watch(target.resource, from: start), matches: matches, marksInitialEnd: sendsInitial,
          bookmarks: request.flag("allowWatchBookmarks") && request.query["allowWatchBookmarks"] != nil,
          timeout: min(limit ?? Self.longestWatch, Self.longestWatch), table: table(request, target.resource)))
    } catch  where error.code == .expired {
      // A watch that begins too early is a stream with one event, not an HTTP failure.
      let event: JSON = ["type": "ERROR", "object": error.json]
      return .bytes(event.bytes + [UInt8(ascii: "\n")], type: "application/json")
    }
  }
}
