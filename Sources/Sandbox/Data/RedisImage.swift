/// The image `redis:7`: the machine's redis-server on the pod's address, its data in `/data`.
extension Image {
  static let redis = Image(
    program: .redis, entrypoint: ["sh", "-c", redisEntrypoint, "redis"],
    environment: ["REDIS_ADDRESS": "{address}", "REDIS_DATA": "{data}"], dataPath: "/data")

  // Arguments alone are for the server, as with the official image; anything else is a command.
  private static let redisEntrypoint = """
    case "${1-}" in ''|-*|*.conf) set -- redis-server "$@" ;; esac
    exec "$@"
    """

  // In the image's folder of programs, so that the server and the client reach the pod's own address and not the
  // machine's, whoever calls them. What the caller says comes later and holds.
  static func redisPrograms(server: String, client: String) -> [String: String] {
    [
      "redis-server": """
      #!/bin/sh
      config=
      case "${1-}" in ''|-*) ;; *) config=$1; shift ;; esac
      exec \(server) ${config:+"$config"} --bind "$REDIS_ADDRESS" --dir "$REDIS_DATA" --protected-mode no "$@"

      """,
      "redis-cli": """
      #!/bin/sh
      exec \(client) -h "$REDIS_ADDRESS" "$@"

      """,
    ]
  }
}
