import Bench
import FoundationEssentials

/// Watches one resource through `kubectl get --raw`, whatever becomes of the streams: the one place that acts on a
/// `WatchCursor`.
struct ResourceWatch<Object: ClusterObject>: Sendable {
  private let kubectl: Kubectl
  /// Path and query, without what makes a watch of it.
  private let path: String
  private let query: String
  private let now: @Sendable () -> MonotonicTime

  /// A watch of all objects at `path` that `query` selects; an empty one selects all.
  init(_ kubectl: Kubectl, path: String, query: String = "", now: @escaping @Sendable () -> MonotonicTime) {
    self.kubectl = kubectl
    self.path = path
    self.query = query
    self.now = now
  }

  /// The command line of the watch, save where it begins and when it ends.
  var commandLine: String {
    kubectl.commandLine(["get", "--raw", "\(path)?\(query.isEmpty ? "" : query + "&")watch=1"])
  }

  /// What is there now.
  func list() async throws(KubectlError) -> ObjectList<Object> {
    // From the store itself, not from a cache that may lag behind what was just changed.
    let arguments = ["get", "--raw", query.isEmpty ? path : "\(path)?\(query)"]
    let output = try await kubectl.require(arguments, limit: .seconds(10)).output
    do {
      return try JSONDecoder().decode(ObjectList<Object>.self, from: Data(output.utf8))
    } catch {
      throw KubectlError(
        code: .unreadable, attempted: kubectl.commandLine(arguments), cause: "the answer cannot be read (\(error))",
        remedy: "Run the command by hand, and check that it talks to a Kubernetes API server.")
    }
  }

  /// Tells what is seen from `list` on, until the task is cancelled.
  func follow(_ list: ObjectList<Object>, _ tell: @Sendable (WatchCursor<Object>.Seen) -> Void) async {
    var cursor = WatchCursor(list)
    var pause = Self.shortest
    while !Task.isCancelled {
      switch cursor.question {
      case .list:
        if let list = try? await self.list() {
          cursor.listed(list, at: now()).forEach(tell)
        } else {
          pause = Self.longer(pause)
        }
      case .watch(let version):
        let began = now()
        await watch(from: version, &cursor, tell)
        pause = now() - began > .seconds(5) ? Self.shortest : Self.longer(pause)
      }
      if !Task.isCancelled { try? await Task.sleep(for: pause) }
    }
  }

  private static var shortest: Duration { .milliseconds(50) }

  /// A server that is away, or that ends every watch at once, must not take the processor from the generator.
  private static func longer(_ pause: Duration) -> Duration { min(pause * 2, .seconds(1)) }

  /// The server ends a watch by itself: a kubectl whose votebench was killed does not stay for long, and a connection
  /// that hangs is noticed.
  private static var limit: Int { 60 }

  private func watch(
    from version: String, _ cursor: inout WatchCursor<Object>, _ tell: @Sendable (WatchCursor<Object>.Seen) -> Void
  ) async {
    let began = now()
    let parts =
      (query.isEmpty ? [] : [query]) + [
        "watch=1", "allowWatchBookmarks=true", "timeoutSeconds=\(Self.limit)", "resourceVersion=\(version)",
      ]
    let ended: Kubectl.Ended?
    do throws(KubectlError) {
      ended = try await kubectl.lines(raw: "\(path)?\(parts.joined(separator: "&"))") { line in
        cursor.line(line, at: now()).forEach(tell)
      }
    } catch {
      ended = nil
    }
    if let ended, ended.exit != 0, Self.isExpired(ended.lastError) {
      cursor.expired(at: now()).forEach(tell)
    } else {
      cursor.ended(inOrder: ended?.exit == 0, began: began, at: now())
    }
  }

  /// `Error from server (Expired): too old resource version: 1 (2)`; older kubectl say `(Gone)`.
  private static func isExpired(_ error: String) -> Bool {
    error.contains("(Expired)") || error.contains("(Gone)") || error.contains("too old resource version")
  }
}

extension LabelSelector {
  /// As a query that selects the same objects; empty where it selects everything.
  var query: String {
    let labels = (matchLabels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let expressions = (matchExpressions ?? []).map { requirement in
      let values = "(\((requirement.values ?? []).joined(separator: ",")))"
      return switch requirement.operator {
      case "In": "\(requirement.key) in \(values)"
      case "NotIn": "\(requirement.key) notin \(values)"
      case "DoesNotExist": "!\(requirement.key)"
      default: requirement.key
      }
    }
    let text = (labels + expressions).joined(separator: ",")
    return text.isEmpty ? "" : "labelSelector=\(text.encodedForQuery)"
  }
}

extension String {
  /// Percent-encoded, save what a query may hold as it is (RFC 3986, unreserved).
  var encodedForQuery: String {
    utf8.map { byte in
      let scalar = Character(Unicode.Scalar(byte))
      let isPlain = byte < 0x80 && (scalar.isLetter || scalar.isNumber || "-._~".contains(scalar))
      return isPlain ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}
