import TestSupport
import Testing

/// Every verb that people use, in the order in which they would, with each kubectl there is.
@Suite("The verbs of kubectl", .serialized)
struct KubectlVerbTests {
  /// A command, and what it must print.
  private struct Step {
    var command: String
    var prints: String

    init(_ command: String, _ prints: String) {
      self.command = command
      self.prints = prints
    }
  }

  private static let steps = [
    Step("create namespace trial", "namespace/trial created"),
    Step("create configmap settings --from-literal=a=b -n trial", "configmap/settings created"),
    Step("create secret generic words --from-literal=a=b -n trial", "secret/words created"),
    Step("create deployment web --image=voting-app:v1 -n trial", "deployment.apps/web created"),
    Step("create service clusterip web --tcp=80:8080 -n trial", "service/web created"),
    Step("expose deployment web --port=81 --name=web-two -n trial", "service/web-two exposed"),
    Step("create role reader --verb=get --resource=pods -n trial", "role.rbac.authorization.k8s.io/reader created"),
    Step("rollout status deployment/web -n trial --timeout=20s", "successfully rolled out"),
    Step("set env deployment/web COLOUR=red -n trial", "env updated"),
    Step("set resources deployment/web --requests=cpu=10m -n trial", "resource requirements updated"),
    Step("annotate deployment/web why=test -n trial", "annotated"),
    Step("label deployment/web tier=front -n trial", "labeled"),
    Step("scale deployment/web --replicas=2 -n trial", "scaled"),
    Step("wait --for=condition=Available deployment/web -n trial --timeout=20s", "condition met"),
    Step("rollout pause deployment/web -n trial", "paused"),
    Step("rollout resume deployment/web -n trial", "resumed"),
    Step("rollout history deployment/web -n trial", "REVISION"),
    Step("rollout history deployment/web --revision=1 -n trial", "voting-app:v1"),
    Step("rollout undo deployment/web --to-revision=1 -n trial", "rolled back"),
    Step("rollout restart deployment/web -n trial", "restarted"),
    Step("rollout status deployment/web -n trial --timeout=20s", "successfully rolled out"),
    Step("patch deployment web --type=merge -p {\"spec\":{\"replicas\":1}} -n trial", "patched"),
    Step("get deployment web -n trial -o jsonpath={.spec.replicas}", "1"),
    Step("get deployment -n trial -o custom-columns=NAME:.metadata.name", "NAME\nweb"),
    Step("get deployment web -n trial -o go-template={{.metadata.name}}", "web"),
    Step("get deployment web -n trial -o name", "deployment.apps/web"),
    Step("get deployment web -n trial -o json", "\"kind\": \"Deployment\""),
    Step("get pods -n trial --sort-by=.metadata.name --show-labels -o wide", "app=web"),
    Step("get pods -A -l app=web --field-selector metadata.namespace=trial", "web-"),
    Step("describe deployment web -n trial", "ScalingReplicaSet"),
    Step("describe pod -l app=web -n trial", "Containers:"),
    Step("describe ingress,service,configmap,secret,statefulset,networkpolicy -n oggy", "Policy Types"),
    Step("get endpoints voting-service -n oggy", ":8080"),
    Step("get pvc redis-data -n oggy", "RWO"),
    Step("get pv", "oggy/redis-data"),
    Step("get pdb voting-app -n oggy", "ALLOWED DISRUPTIONS"),
    Step("get networkpolicy redis -n oggy", "app=redis"),
    Step("get storageclass,ingressclass", "k8s.io/ingress-nginx"),
    Step("get rolebinding votebench -n oggy", "Role/votebench"),
    Step("rollout history statefulset/db -n oggy", "REVISION"),
    Step("api-resources", "statefulsets"),
    Step("delete deployment web -n trial", "deleted"),
    Step("delete namespace trial --timeout=20s", "deleted"),
  ]

  @Test("each does what it says", arguments: APIKubectlTests.Client.all)
  func all(client: APIKubectlTests.Client) async throws {
    try await APIStage.run { api in
      for step in Self.steps {
        let said = try await api.kubectl(client.path, step.command.split(separator: " ").map(String.init))
        #expect(said.code == 0, "\(step.command): \(said.text)")
        #expect(said.text.contains(step.prints), "\(step.command): \(said.text)")
      }
    }
  }
}
