/// The objects that a sandbox starts with: the voting system, in the safe configuration (a graceful app and a
/// preStop pause, with which a rollout loses nothing).
package struct ShippedObjects: Sendable {
  /// The namespace of the voting system.
  package static let namespace = "oggy"

  /// The password of PostgreSQL, for the Secret.
  package var databasePassword: String
  /// How the worker counts: `count` or `upsert`.
  package var semantics: String

  /// The objects for a password and a way of counting.
  package init(databasePassword: String, semantics: String) {
    self.databasePassword = databasePassword
    self.semantics = semantics
  }

  /// Puts them all into a store.
  ///
  /// Throws `alreadyExists` if one is there.
  package func create(in store: ObjectStore) throws(APIStatus) {
    for (resource, object) in all {
      var object = object
      Defaults.fill(&object, resource)
      try store.create(object, resource)
    }
  }

  /// The objects, in an order in which they can be created.
  package var all: [(resource: Resource, object: JSON)] {
    [
      (.namespaces, ["metadata": ["name": "default"], "spec": ["finalizers": ["kubernetes"]]]),
      (.namespaces, ["metadata": ["name": .string(Self.namespace)], "spec": ["finalizers": ["kubernetes"]]]),
      (.configMaps, config), (.secrets, secret),
      (.services, service("voting-service", port: 80, selecting: "voting-app")),
      (.services, service("result-service", port: 80, selecting: "result-app")),
      (.services, service("redis", port: 6379, selecting: "redis", named: "redis")),
      (.services, service("db", port: 5432, selecting: "db", named: "postgres")),
      (.persistentVolumeClaims, claim("redis-data")), (.persistentVolumeClaims, claim("db-data")),
      (.deployments, server(redis, claim: "redis-data")), (.deployments, server(database, claim: "db-data")),
      (.deployments, deployment("voting-app", replicas: 4)),
      (.deployments, deployment("result-app", replicas: 2)),
      (.deployments, worker), (.ingresses, ingress),
    ]
  }

  private func metadata(_ name: String, app: String? = nil) -> JSON {
    var metadata: JSON = ["name": .string(name), "namespace": .string(Self.namespace)]
    if let app { metadata["labels"] = ["app": .string(app)] }
    return metadata
  }

  private var config: JSON {
    [
      "metadata": metadata("app-config"),
      "data": ["REDIS_HOST": "redis", "DB_HOST": "db", "DB_NAME": "votes"],
    ]
  }

  private var secret: JSON {
    [
      "metadata": metadata("app-secrets"), "type": "Opaque",
      "data": ["DB_PASSWORD": .string(Base64.text(databasePassword.utf8))],
    ]
  }

  private func service(_ name: String, port: Int, selecting app: String, named portName: String = "http") -> JSON {
    [
      "metadata": metadata(name, app: app),
      "spec": [
        "selector": ["app": .string(app)],
        "ports": [["name": .string(portName), "port": .int(port), "targetPort": .string(portName)]],
      ],
    ]
  }

  private func claim(_ name: String) -> JSON {
    [
      "metadata": metadata(name),
      "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
      "status": ["phase": "Bound"],
    ]
  }

  // Two servers on one volume would spoil it, so the old one goes first.
  private func server(_ container: JSON, claim: String) -> JSON {
    var server = deployment(container["name"].string ?? "", replicas: 1)
    server["spec", "strategy"] = ["type": "Recreate"]
    server["spec", "template", "spec"] = [
      "terminationGracePeriodSeconds": 10, "containers": [container],
      "volumes": [["name": "data", "persistentVolumeClaim": ["claimName": .string(claim)]]],
    ]
    return server
  }

  private var redis: JSON {
    [
      "name": "redis", "image": "redis:7",
      "args": ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""],
      "ports": [["name": "redis", "containerPort": 6379]],
      "readinessProbe": [
        "exec": ["command": ["sh", "-c", "redis-cli ping | grep -q PONG"]], "periodSeconds": 1, "failureThreshold": 2,
      ],
      "livenessProbe": ["tcpSocket": ["port": "redis"], "initialDelaySeconds": 15],
      "volumeMounts": [["name": "data", "mountPath": "/data"]],
    ]
  }

  private var database: JSON {
    let password: JSON = ["secretKeyRef": ["name": "app-secrets", "key": "DB_PASSWORD"]]
    return [
      "name": "db", "image": "postgres:15", "ports": [["name": "postgres", "containerPort": 5432]],
      "env": [
        ["name": "POSTGRES_DB", "value": "votes"], ["name": "POSTGRES_PASSWORD", "valueFrom": password],
        ["name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"],
      ],
      "readinessProbe": [
        "exec": ["command": ["pg_isready", "-q", "-U", "postgres", "-d", "votes"]], "periodSeconds": 1,
        "failureThreshold": 2,
      ],
      "livenessProbe": ["tcpSocket": ["port": "postgres"], "initialDelaySeconds": 15],
      "volumeMounts": [["name": "data", "mountPath": "/var/lib/postgresql/data"]],
    ]
  }

  private func deployment(_ name: String, replicas: Int) -> JSON {
    let labels: JSON = ["app": .string(name)]
    return [
      "metadata": metadata(name, app: name),
      "spec": [
        "replicas": .int(replicas), "selector": ["matchLabels": labels], "progressDeadlineSeconds": 60,
        "strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1, "maxUnavailable": 1]],
        "template": [
          "metadata": ["labels": labels],
          "spec": ["terminationGracePeriodSeconds": 30, "containers": [container(name)]],
        ],
      ],
    ]
  }

  private func container(_ name: String) -> JSON {
    [
      "name": .string(name), "image": .string("\(name):v1"),
      "ports": [["name": "http", "containerPort": 8080]],
      "env": environment,
      "readinessProbe": [
        "httpGet": ["path": "/readyz", "port": "http"], "periodSeconds": 1, "failureThreshold": 2,
      ],
      "livenessProbe": ["httpGet": ["path": "/healthz", "port": "http"]],
      // The ingress goes on choosing a pod for about two seconds after it is marked (measured median 1.7 s).
      "lifecycle": ["preStop": ["exec": ["command": ["sleep", "5"]]]],
    ]
  }

  private var environment: JSON {
    let fromConfig: [JSON] = ["REDIS_HOST", "DB_HOST", "DB_NAME"].map { name in
      ["name": .string(name), "valueFrom": ["configMapKeyRef": ["name": "app-config", "key": .string(name)]]]
    }
    return .array(
      fromConfig + [
        ["name": "DB_PASSWORD", "valueFrom": ["secretKeyRef": ["name": "app-secrets", "key": "DB_PASSWORD"]]],
        ["name": "POD_NAME", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
        ["name": "LISTEN_ADDRESS", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
      ])
  }

  // Two workers at once would count out of order, so the old one goes first; and it serves no requests, so it
  // need not wait for the ingress.
  private var worker: JSON {
    var worker = deployment("worker", replicas: 1)
    worker["spec", "strategy"] = ["type": "Recreate"]
    var container = container("worker")
    container["args"] = ["--semantics", .string(semantics)]
    container["lifecycle"] = .null
    worker["spec", "template", "spec", "containers"] = [container]
    return worker
  }

  private var ingress: JSON {
    let paths: [JSON] = [("/vote", "voting-service"), ("/result", "result-service")].map { path, service in
      [
        "path": .string(path), "pathType": "Prefix",
        "backend": ["service": ["name": .string(service), "port": ["number": 80]]],
      ]
    }
    return [
      "metadata": metadata("app-ingress"),
      "spec": [
        "ingressClassName": "nginx",
        "tls": [["hosts": ["oggy.local"], "secretName": "oggy-tls"]],
        "rules": [["host": "oggy.local", "http": ["paths": .array(paths)]]],
      ],
    ]
  }
}
