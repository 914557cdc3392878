import FoundationEssentials

/// The parts of a pod that are no objects: its log, commands in it, and what the sandbox does not offer.
extension APIService {
  /// The answer to a request about such a part; nil if the request is about none.
  func podAnswer(_ request: APIRequest, _ target: APITarget) throws(APIStatus) -> APIAnswer? {
    guard target.resource == .pods else { return nil }
    switch (request.method, target.subresource) {
    case ("GET", "log"): return try log(request, try pod(target))
    case ("GET", "exec"), ("POST", "exec"): return .exec(try ExecRequest(request, pod: try pod(target)))
    case (_, "attach"):
      throw Self.notOffered("attach", "kubectl logs -f shows what a container writes, kubectl exec runs a command")
    case (_, "portforward"):
      throw Self.notOffered("port-forward", "a pod's own address and port can be reached from this machine")
    case ("POST", nil) where request.query["fieldManager"] == "kubectl-run":
      throw Self.notOffered("run", "create a Deployment (kubectl create deployment NAME --image=IMAGE), or apply a Pod")
    default: return nil
    }
  }

  private static func notOffered(_ verb: String, _ instead: String) -> APIStatus {
    APIStatus(.methodNotAllowed, "kubectl \(verb) is not offered by the sandbox; \(instead)")
  }

  private func pod(_ target: APITarget) throws(APIStatus) -> JSON {
    let name = target.name ?? ""
    guard let pod = store.get(.pods, namespace: target.namespace, name: name) else { throw .notFound(.pods, name) }
    return pod
  }

  private func log(_ request: APIRequest, _ pod: JSON) throws(APIStatus) -> APIAnswer {
    let wanted = try LogRequest(request, pod: pod, now: store.now)
    guard let logs = kubelet?.runner.logs else { return .bytes([], type: "text/plain") }
    let source = try logs.source(pod, container: wanted.container, previous: wanted.previous)
    let namespace = pod["metadata", "namespace"].string
    let (name, uid) = (pod["metadata", "name"].string ?? "", pod["metadata", "uid"])
    return .log(
      LogFeed(path: source.path, request: wanted, times: logs.times) { [store] in
        guard let now = store.get(.pods, namespace: namespace, name: name), now["metadata", "uid"] == uid else {
          return true
        }
        let status = PodLogs.status(of: wanted.container, in: now)
        return status["state", "running"].isNull || status["restartCount"].int != source.restart
      })
  }
}
