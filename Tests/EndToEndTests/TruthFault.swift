/// What is done to the voting system of a sandbox in the middle of a run, with kubectl as a user would, and what
/// votebench has to call it.
enum TruthFault: String, CaseIterable, Sendable {
  case none = "nothing"
  case unsafeWorker = "a worker killed between pop and insert"
  case deliveredTwice = "a worker killed between insert and acknowledgement, that counts deliveries"
  case staleReplica = "a stale result replica"
  case restoredBackup = "a database restored from a backup"
  case forgetfulRedis = "Redis restarted without persistence"

  /// The codes that must be among the findings; without a fault there must be none at all.
  var codes: Set<String> {
    switch self {
    case .none: []
    case .unsafeWorker, .forgetfulRedis: ["LOST"]
    case .deliveredTwice: ["DUPLICATE"]
    case .staleReplica: ["STALE_READ"]
    case .restoredBackup: ["LOST", "REGRESSION"]
    }
  }

  /// The arguments of a worker that waits to be killed between its two steps.
  private var workerArguments: String? {
    switch self {
    case .unsafeWorker: #""--semantics", "count", "--unsafe", "--pause", "500ms""#
    case .deliveredTwice: #""--semantics", "at-least-once", "--pause", "500ms""#
    default: nil
    }
  }

  /// Whether the worker is killed while it pauses.
  var killsWorker: Bool { workerArguments != nil }

  /// The lines of a shell whose kubectl is the sandbox's.
  var script: String {
    if let workerArguments { return Self.patch("worker", workerArguments) }
    return switch self {
    case .none, .unsafeWorker, .deliveredTwice: "true"
    case .staleReplica: Self.addReplica
    case .restoredBackup: Self.restore
    case .forgetfulRedis:
      """
      kubectl scale deployment/worker --replicas=0
      until [ "$(kubectl exec deployment/redis -- redis-cli LLEN votes)" -gt 100 ]; do sleep 0.1; done
      \(Self.patch("redis", #""--appendonly", "no", "--save", """#))
      kubectl scale deployment/worker --replicas=1
      """
    }
  }

  private static func patch(_ deployment: String, _ arguments: String) -> String {
    let path = "/spec/template/spec/containers/0/args"
    return """
      kubectl patch deployment/\(deployment) --type=json \
      -p '[{"op": "replace", "path": "\(path)", "value": [\(arguments)]}]'
      kubectl rollout status deployment/\(deployment) --timeout=30s
      """
  }

  /// One more pod behind the Service, of a Deployment of its own.
  private static let addReplica = """
    kubectl get deployment/result-app -o json > result.json
    python3 - <<'END'
    import json
    with open("result.json") as file: spec = json.load(file)["spec"]
    labels = {"app": "result-app", "replica": "stale"}
    spec["replicas"] = 1
    spec["selector"] = {"matchLabels": labels}
    spec["template"]["metadata"]["labels"] = labels
    spec["template"]["spec"]["containers"][0]["args"] = ["--stale", "3s"]
    stale = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "result-stale"}, "spec": spec}
    with open("stale.json", "w") as file: json.dump(stale, file)
    END
    kubectl apply -f stale.json
    kubectl rollout status deployment/result-stale --timeout=30s
    """

  /// In one transaction, so that the worker finds its tables at any time.
  private static let restore = """
    count() { kubectl exec db-0 -- psql -U postgres -d votes -Atc 'SELECT count(*) FROM counted'; }
    until [ "$(count)" -gt 100 ]; do sleep 0.1; done
    kubectl exec db-0 -- pg_dump -U postgres --clean -t votes -t counted votes > backup.sql
    saved=$(count)
    until [ "$(count)" -gt $((saved + 200)) ]; do sleep 0.1; done
    kubectl exec -i db-0 -- psql -U postgres -d votes -q -1 -v ON_ERROR_STOP=1 < backup.sql
    """
}
