import Glibc

/// The image `postgres:15`: the machine's PostgreSQL on the pod's address, as the official image sets it up.
///
/// POSTGRES_PASSWORD, POSTGRES_USER, POSTGRES_DB and PGDATA mean what they mean there. An empty data folder gets a
/// database; any other is recovered and served, whatever its last server died of. Its sockets are in a folder of its
/// own, where everybody in the pod may log in without a password, and nobody else can.
extension Image {
  static let postgres = Image(
    program: .postgres, entrypoint: ["sh", "-c", postgresEntrypoint, "postgres"],
    environment: [
      "PGDATA": "/var/lib/postgresql/data", "POSTGRES_ADDRESS": "{address}", "PGHOST": "{run}", "PGUSER": "postgres",
    ],
    // SIGTERM would wait until the last client has gone.
    stopSignal: SIGINT,
    // Ends the server and all of its processes at once, which SIGKILL does not.
    haltSignal: SIGQUIT, dataPath: "/var/lib/postgresql/data")

  private static let postgresEntrypoint = """
    set -e
    case "${1-}" in ''|-*) set -- postgres "$@" ;; esac
    [ "$1" = postgres ] || exec "$@"
    shift
    user=${POSTGRES_USER:-postgres}
    database=${POSTGRES_DB:-$user}
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
      if [ -z "${POSTGRES_PASSWORD-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD-}" != trust ]; then
        echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
        echo '       Specify POSTGRES_PASSWORD to a non-empty value for the superuser.' >&2
        exit 1
      fi
      # Made in a folder below and moved up, the version last: an interrupted beginning is begun again.
      mkdir -p "$PGDATA"
      chmod 700 "$PGDATA"
      new=$PGDATA/.new
      rm -rf "$new"
      (umask 077; printf '%s' "${POSTGRES_PASSWORD-}" > "$PGHOST/password")
      password=--pwfile=$PGHOST/password
      [ -n "${POSTGRES_PASSWORD-}" ] || password=
      initdb --no-sync --auth-local=trust --auth-host=scram-sha-256 --username="$user" $password \\
        --encoding=UTF8 --locale=C --pgdata="$new" ${POSTGRES_INITDB_ARGS-}
      rm "$PGHOST/password"
      printf 'host all all all %s\\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >> "$new/pg_hba.conf"
      if [ "$database" != postgres ]; then
        printf 'CREATE DATABASE "%s"\\n' "$database" |
          postgres --single -F -c dynamic_shared_memory_type=mmap -D "$new" postgres > "$PGHOST/single"
      fi
      mv "$new"/[!P]* "$PGDATA/"
      mv "$new/PG_VERSION" "$PGDATA/"
      rmdir "$new"
    fi
    if [ -s "$PGDATA/postmaster.pid" ]; then
      memory=$(sed -n 7p "$PGDATA/postmaster.pid" | awk '{ print $2 }')
      tries=0
      while [ "$tries" -lt 50 ] &&
        awk -v id="${memory:-none}" '$2 == id && $7 > 0 { found = 1 } END { exit !found }' /proc/sysvipc/shm; do
        sleep 0.1
        tries=$((tries + 1))
      done
      [ "$tries" -ge 50 ] || rm -f "$PGDATA/postmaster.pid"
    fi
    exec postgres -D "$PGDATA" -c listen_addresses="$POSTGRES_ADDRESS" -c unix_socket_directories="$PGHOST" \\
      \(postgresSettings.map { "-c \($0)" }.joined(separator: " ")) "$@"
    """

  private static let postgresSettings = [
    // What is committed survives a crash of the server, which is what runs here may provoke, since the system
    // keeps what was written. Only a crash of the machine needs fsync, and that ends the sandbox too.
    "synchronous_commit=on", "fsync=off", "full_page_writes=off",
    // Otherwise a server that is killed leaves files in /dev/shm.
    "dynamic_shared_memory_type=mmap",
    "shared_buffers=32MB", "max_connections=50", "max_wal_size=512MB", "autovacuum_max_workers=1",
  ]
}
