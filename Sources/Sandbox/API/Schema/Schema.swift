/// The fields of the Kubernetes types that are served, from a table with a row a type.
///
/// A row is `Type: field=3:Kind[key]! …`: the field's name, its number in protobuf, what it holds (text if nothing is
/// said), and `!` if it must be there. What it holds is `int`, `bool`, `bytes`, `time`, `quantity`, `intOrString`,
/// `any`, or another row's name. `[]` after it makes it a list that is replaced whole, `[name]` one whose elements
/// are told apart by these fields, `[+]` a set; `{}` a map, `{*}` a map that has one owner. `~` drops what a patch of
/// it does not keep. A field without a name has its own fields beside it in JSON and below it in protobuf. `*` after
/// a type's name: its fields have one owner together. `# api.apps.v1` begins the types of a package.
struct Schema: Sendable {
  /// What a field holds.
  indirect enum Kind: Hashable, Sendable {
    case text, int, double, bool, bytes, time, quantity, intOrString, any
    /// An object of a type, by its full name.
    case message(String)
    /// A list; `keys` tell its elements apart, and are empty for one that is replaced whole.
    case list(Kind, keys: [String], isSet: Bool)
    /// An object of any keys.
    case map(Kind, isAtomic: Bool)
  }

  /// One field of a type.
  struct Field: Sendable {
    var name: String
    var number: Int?
    var kind: Kind
    var isRequired: Bool
    var retainsKeys: Bool
  }

  /// One type.
  struct Message: Sendable {
    /// Such as `api.apps.v1.Deployment`.
    var name: String
    var isAtomic: Bool
    /// As protobuf has them.
    var fields: [Field]
    /// As JSON has them.
    var byName: [String: Field]

    /// Without the package.
    var shortName: String { name.split(separator: ".").last.map(String.init) ?? name }
  }

  /// Every type, by its full name.
  let messages: [String: Message]

  /// The types that are served.
  static let served = Schema(tables: [core, pods, groups])

  /// Reads tables; a row that says nothing is left out.
  init(tables: [String]) {
    var rows = tables.flatMap(Self.rows)
    let places = [String: [String]](grouping: rows.map(\.name), by: Self.short)
    for index in rows.indices {
      let package = rows[index].name.dropLast(Self.short(rows[index].name).count)
      rows[index].fields = rows[index].fields.map { field in
        var field = field
        field.kind = Self.named(field.kind) { places[$0]?.first { $0.hasPrefix(package) } ?? places[$0]?.first ?? $0 }
        return field
      }
    }
    let read = [String: Message](rows.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    messages = read.mapValues { row in
      var row = row
      row.byName = Self.flattened(row, read)
      return row
    }
  }

  /// The type of the objects of a kind; nil if the table has none.
  func message(_ resource: Resource) -> Message? {
    let group = resource.group.isEmpty ? "core" : resource.group.split(separator: ".").first.map(String.init) ?? ""
    return messages["api.\(group).\(resource.version).\(resource.kind)"]
  }

  // MARK: Reading the table

  private static func short(_ name: String) -> String {
    name.split(separator: ".").last.map(String.init) ?? name
  }

  private static func rows(_ table: String) -> [Message] {
    var package = ""
    var rows: [Message] = []
    for line in table.split(separator: "\n") {
      if line.hasPrefix("# ") {
        package = String(line.dropFirst(2))
        continue
      }
      var words = line.split(separator: " ")
      if !line.hasPrefix(" ") {
        let name = words.removeFirst().dropLast()
        let plain = name.hasSuffix("*") ? name.dropLast() : name
        rows.append(
          Message(name: "\(package).\(plain)", isAtomic: name.hasSuffix("*"), fields: [], byName: [:]))
      }
      guard !rows.isEmpty else { continue }
      rows[rows.count - 1].fields += words.map(field)
    }
    return rows
  }

  private static func field(_ word: Substring) -> Field {
    var rest = word
    let isRequired = rest.hasSuffix("!")
    if isRequired { rest = rest.dropLast() }
    let retainsKeys = rest.hasSuffix("~")
    if retainsKeys { rest = rest.dropLast() }
    let sides = rest.split(separator: ":", maxSplits: 1)
    let parts = sides[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    return Field(
      name: String(parts[0]), number: parts.count > 1 ? Int(parts[1]) : nil,
      kind: sides.count > 1 ? kind(sides[1]) : .text, isRequired: isRequired, retainsKeys: retainsKeys)
  }

  private static let plain: [String: Kind] = [
    "string": .text, "int": .int, "double": .double, "bool": .bool, "bytes": .bytes, "time": .time,
    "quantity": .quantity, "intOrString": .intOrString, "any": .any,
  ]

  private static func kind(_ text: Substring) -> Kind {
    if let open = text.firstIndex(of: "["), text.hasSuffix("]") {
      let inside = text[text.index(after: open)...].dropLast()
      let keys = inside == "+" ? [] : inside.split(separator: ",").map(String.init)
      return .list(kind(text[..<open]), keys: keys, isSet: inside == "+")
    }
    if let open = text.firstIndex(of: "{") { return .map(kind(text[..<open]), isAtomic: text.hasSuffix("*}")) }
    return plain[String(text)] ?? .message(String(text))
  }

  private static func named(_ kind: Kind, _ full: (String) -> String) -> Kind {
    switch kind {
    case .message(let name): .message(full(name))
    case .list(let inner, let keys, let isSet): .list(named(inner, full), keys: keys, isSet: isSet)
    case .map(let inner, let isAtomic): .map(named(inner, full), isAtomic: isAtomic)
    default: kind
    }
  }

  private static func flattened(_ message: Message, _ messages: [String: Message]) -> [String: Field] {
    message.fields.reduce(into: [:]) { fields, field in
      if !field.name.isEmpty {
        fields[field.name] = field
      } else if case .message(let inner) = field.kind, let inner = messages[inner] {
        fields.merge(flattened(inner, messages)) { own, _ in own }
      }
    }
  }
}
