import FoundationEssentials

/// Reads Kubernetes' protobuf, which some verbs of kubectl send: `k8s` and a zero, then an envelope with the kind and
/// the object.
///
/// Go's encoder also writes fields that are not set; what is empty or zero is left out here, but where zero can be
/// meant. (apimachinery, runtime/serializer/protobuf)
enum Protobuf {
  private static let magic: [UInt8] = [0x6b, 0x38, 0x73, 0x00]

  /// The object in a body; nil if it is none, or of a kind that is not served.
  static func object(_ body: [UInt8]) -> JSON? {
    guard body.starts(with: magic), let envelope = fields(body[4...]), let type = envelope.last(1)?.bytes,
      let named = fields(type), let raw = envelope.last(2)?.bytes
    else { return nil }
    let apiVersion = named.last(1)?.text ?? ""
    let kind = named.last(2)?.text ?? ""
    let resource = Resource.served.first { $0.kind == kind && $0.apiVersion == apiVersion }
    let message = resource.flatMap { Schema.served.message($0) } ?? Schema.served.messages[other(kind)]
    guard let message, var object = read(raw, message) else { return nil }
    object["apiVersion"] = .string(apiVersion)
    object["kind"] = .string(kind)
    return object
  }

  private static func other(_ kind: String) -> String {
    switch kind {
    case "Scale": "api.autoscaling.v1.Scale"
    case "TokenRequest": "api.authentication.v1.TokenRequest"
    default: "apimachinery.pkg.apis.meta.v1.\(kind)"
    }
  }

  // MARK: Values by schema

  // Fields that are pointers in Go: they are written only if they were set, so that zero is meant.
  private static let meantZero: Set<String> = [
    "replicas", "terminationGracePeriodSeconds", "revisionHistoryLimit", "partition", "backoffLimit", "parallelism",
    "completions", "runAsUser", "runAsGroup", "fsGroup", "ttlSecondsAfterFinished", "activeDeadlineSeconds",
    "automountServiceAccountToken", "enableServiceLinks", "suspend", "immutable", "optional", "runAsNonRoot",
    "readOnlyRootFilesystem", "allowPrivilegeEscalation", "privileged", "ready", "serving", "terminating",
    "gracePeriodSeconds", "stabilizationWindowSeconds",
  ]
  private static let meantEmpty: Set<String> = ["emptyDir", "podSelector", "namespaceSelector"]

  private static func read(_ bytes: ArraySlice<UInt8>, _ message: Schema.Message) -> JSON? {
    guard let wire = fields(bytes) else { return nil }
    var object: [String: JSON] = [:]
    for field in message.fields {
      guard let number = field.number else { continue }
      let values = wire.all(number)
      guard !values.isEmpty else { continue }
      if field.name.isEmpty {
        guard let last = values.last, let inner = value(last, field.kind)?.object else { return nil }
        object.merge(inner) { own, _ in own }
      } else if let read = read(values, field) {
        object[field.name] = read
      }
    }
    return .object(object)
  }

  private static func read(_ values: [Wire], _ field: Schema.Field) -> JSON? {
    switch field.kind {
    case .list(let inner, _, _): return .array(values.compactMap { value($0, inner) })
    case .map(let inner, _):
      return .object(
        values.reduce(into: [:]) { map, entry in
          guard let bytes = entry.bytes, let pair = fields(bytes), let key = pair.last(1)?.text else { return }
          map[key] = pair.last(2).flatMap { value($0, inner) } ?? ""
        })
    default: break
    }
    guard let read = values.last.flatMap({ value($0, field.kind) }) else { return nil }
    switch read {
    case .string(""): return nil
    case .int(0), .bool(false): return meantZero.contains(field.name) ? read : nil
    case .object(let fields) where fields.isEmpty: return meantEmpty.contains(field.name) ? read : nil
    default: return read
    }
  }

  private static func value(_ wire: Wire, _ kind: Schema.Kind) -> JSON? {
    switch kind {
    case .text: return wire.text.map { .string($0) }
    case .int: return wire.number.map { .int(Int(truncatingIfNeeded: $0)) }
    case .bool: return wire.number.map { .bool($0 != 0) }
    case .double: return wire.number.map { .double(Double(bitPattern: $0)) }
    case .bytes: return wire.bytes.map { .string(Base64.text($0)) }
    case .message(let name):
      guard let bytes = wire.bytes, let message = Schema.served.messages[name] else { return nil }
      return read(bytes, message)
    case .list, .map: return nil
    case .time, .quantity, .intOrString, .any: return wire.bytes.flatMap { fields($0) }.flatMap { special($0, kind) }
    }
  }

  private static func special(_ fields: [(number: Int, value: Wire)], _ kind: Schema.Kind) -> JSON? {
    switch kind {
    case .time:
      guard let seconds = fields.last(1)?.number else { return nil }
      let moment = Date(timeIntervalSince1970: Double(Int64(bitPattern: seconds)))
      return .string(Timestamp.text(moment))
    case .quantity: return fields.last(1)?.text.map { .string($0) }
    case .intOrString:
      guard fields.last(1)?.number == 1 else { return .int(Int(truncatingIfNeeded: fields.last(2)?.number ?? 0)) }
      return .string(fields.last(3)?.text ?? "")
    default:
      // Raw JSON in an envelope of its own.
      return fields.last(1)?.bytes.flatMap { try? JSON(parsing: $0) }
    }
  }

  // MARK: The wire

  /// One value: a number, or bytes that are text, a message, or just bytes.
  fileprivate enum Wire {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)

    var number: UInt64? { if case .number(let value) = self { value } else { nil } }
    var bytes: ArraySlice<UInt8>? { if case .bytes(let value) = self { value } else { nil } }
    var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
  }

  private static func fields(_ bytes: ArraySlice<UInt8>) -> [(number: Int, value: Wire)]? {
    var rest = bytes
    var fields: [(number: Int, value: Wire)] = []
    while !rest.isEmpty {
      guard let tag = varint(&rest) else { return nil }
      let value: Wire
      switch tag & 7 {
      case 0:
        guard let number = varint(&rest) else { return nil }
        value = .number(number)
      case 1, 5:
        guard let number = fixed(&rest, count: tag & 7 == 1 ? 8 : 4) else { return nil }
        value = .number(number)
      case 2:
        guard let count = varint(&rest), count <= UInt64(rest.count) else { return nil }
        value = .bytes(rest.prefix(Int(count)))
        rest = rest.dropFirst(Int(count))
      default: return nil
      }
      guard let number = Int(exactly: tag >> 3) else { return nil }
      fields.append((number, value))
    }
    return fields
  }

  private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func fixed(_ bytes: inout ArraySlice<UInt8>, count: Int) -> UInt64? {
    guard bytes.count >= count else { return nil }
    defer { bytes = bytes.dropFirst(count) }
    return bytes.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension [(number: Int, value: Protobuf.Wire)] {
  fileprivate func all(_ number: Int) -> [Protobuf.Wire] { filter { $0.number == number }.map(\.value) }
  fileprivate func last(_ number: Int) -> Protobuf.Wire? { last { $0.number == number }?.value }
}
