import Glibc

/// A folder or file of the sandbox at a path of a container's own mount namespace.
///
/// The path need not be there: its nearest folder then becomes a copy-on-write view of itself, in which it can be made.
/// Only the root cannot, on which everything else is mounted.
package struct BindMount: Sendable, Equatable {
  /// What is mounted.
  package var source: String
  /// Where the container sees it.
  package var path: String
  /// Whether the container may only read it.
  package var isReadOnly: Bool
  /// An empty folder of the container's own, on which such a view is kept.
  package var scratch: String

  // The arguments are four for each mount, then `--` and the command. The PATH may lead nowhere. Places are made before
  // anything is mounted, since a view hides what is mounted below it.
  private static let script = """
    views=
    has_view() {
      for view in $views; do case "$1/" in "$view"/*) return 0 ;; esac; done
      return 1
    }
    make_places() {
      while [ "$1" != -- ]; do
        if [ ! -e "$2" ]; then
          base=$2
          while [ ! -d "$base" ]; do base=${base%/*}; done
          if ! has_view "$base"; then
            /bin/mkdir -p "$4" && /bin/mount -t tmpfs -o mode=755 tmpfs "$4" && /bin/mkdir "$4/upper" "$4/work" &&
              /bin/mount -t overlay -o "lowerdir=$base,upperdir=$4/upper,workdir=$4/work" overlay "$base" || return 1
            views="$views $base"
          fi
          if [ -d "$1" ]; then /bin/mkdir -p "$2"; else /bin/mkdir -p "${2%/*}" && : > "$2"; fi || return 1
        fi
        shift 4
      done
    }
    make_places "$@" || exit 125
    while [ "$1" != -- ]; do
      /bin/mount --bind "$1" "$2" || exit 125
      [ "$3" = rw ] || /bin/mount -o remount,bind,ro "$2" || exit 125
      shift 4
    done
    shift
    exec "$@"
    """

  /// A command that makes these mounts and then becomes the command that follows it; empty for none.
  static func command(for mounts: [BindMount]) -> [String] {
    if mounts.isEmpty { return [] }
    let arguments = mounts.flatMap { [$0.source, $0.path, $0.isReadOnly ? "ro" : "rw", $0.scratch] }
    return ["/bin/sh", "-c", script, "sh"] + arguments + ["--"]
  }

  /// Whether something can be mounted there: the path, or a folder above it that is not the root, exists.
  static func isPossible(at path: String) -> Bool {
    guard path.hasPrefix("/"), path.count > 1 else { return false }
    var place = path[...]
    while let slash = place.lastIndex(of: "/"), place.count > 1 {
      if access(String(place), F_OK) == 0 { return true }
      place = place[..<slash]
    }
    return false
  }
}
