import FoundationEssentials
import Yams

/// The manifests of the voting system: the YAML files of one folder, as `kubectl apply -f` would read them.
///
/// The sandbox begins with what they say, and any cluster can be given the same.
package struct Manifests: Sendable {
  private struct File: Sendable {
    var name: String
    var text: String
  }

  private let files: [File]

  /// Reads the folder's files that end in `.yaml`, in the order of their names; folders in it are left alone.
  ///
  /// Throws `manifestInvalid` where the folder cannot be read or has none.
  package init(folder: String) throws(SandboxError) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }.sorted()
      files = try names.map { name in
        File(name: name, text: try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
      }
    } catch {
      throw Self.invalid(folder, "the folder or a file in it cannot be read")
    }
    guard !names.isEmpty else { throw Self.invalid(folder, "there is no .yaml file in it") }
  }

  /// All of them as one YAML text, for `kubectl apply -f -`.
  package var text: String {
    files.map { $0.text.hasSuffix("\n") ? $0.text : $0.text + "\n" }.joined(separator: "---\n")
  }

  /// The objects, in order; throws `manifestInvalid` at the first text that is no YAML, or no object of a kind that
  /// the sandbox serves.
  package func objects() throws(SandboxError) -> [(resource: Resource, object: JSON)] {
    var objects: [(resource: Resource, object: JSON)] = []
    for file in files {
      for object in try Self.documents(of: file) where object != .null {
        guard
          let resource = Resource.all.first(where: {
            $0.kind == object["kind"].string && $0.apiVersion == object["apiVersion"].string
          })
        else {
          let kind = "\(object["apiVersion"].string ?? "no apiVersion")/\(object["kind"].string ?? "no kind")"
          throw Self.invalid(file.name, "\(kind) is not served by the sandbox")
        }
        objects.append((resource, object))
      }
    }
    return objects
  }

  private static func documents(of file: File) throws(SandboxError) -> [JSON] {
    do {
      var documents = try Yams.load_all(yaml: file.text)
      var objects: [JSON] = []
      // It ends at a mistake and keeps it; a `for` would do so with a copy.
      while let document = documents.next() { objects.append(JSON(yaml: document)) }
      if let mistake = documents.error { throw mistake }
      return objects
    } catch {
      throw invalid(file.name, "\(error)")
    }
  }

  private static func invalid(_ place: String, _ cause: String) -> SandboxError {
    SandboxError(
      .manifestInvalid, attempted: "reading the manifests in \(place)", cause: cause,
      remedy: "Restore the folder Profiles/manifests of the project, or set VOTEBENCH_HOME to where it is.")
  }
}

extension JSON {
  // What YAML's own types hold; a value of another type (a date) does not occur in manifests and reads as null.
  fileprivate init(yaml value: Any?) {
    switch value {
    case let value as Bool: self = .bool(value)
    case let value as Int: self = .int(value)
    case let value as Double: self = .double(value)
    case let value as String: self = .string(value)
    case let values as [Any]: self = .array(values.map { JSON(yaml: $0) })
    case let fields as [AnyHashable: Any]:
      let pairs = fields.compactMap { key, value in (key.base as? String).map { ($0, JSON(yaml: value)) } }
      self = .object(Dictionary(pairs) { $1 })
    default: self = .null
    }
  }
}
