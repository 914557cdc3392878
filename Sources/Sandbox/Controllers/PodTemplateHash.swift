/// The hash that names a ReplicaSet and labels its pods, so that each pod template has its own.
///
/// As in Kubernetes an FNV-1a hash of 32 bits, written with letters that make no words; but of another form of the
/// template, so the hashes differ from those of a real cluster.
enum PodTemplateHash {
  static let label = "pod-template-hash"
  private static let letters = [UInt8]("bcdfghjklmnpqrstvwxz2456789".utf8)

  /// The hash of a template.
  static func of(_ template: JSON) -> String {
    var hash: UInt32 = 2_166_136_261
    for byte in template.bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return safe(hash)
  }

  /// A hash in letters that make no words. (apimachinery, util/rand, SafeEncodeString)
  static func safe(_ hash: UInt32) -> String {
    String(decoding: "\(hash)".utf8.map { letters[Int($0) % letters.count] }, as: UTF8.self)
  }

  /// The template without the hash's label.
  static func withoutHash(_ template: JSON) -> JSON {
    var template = template
    template["metadata", "labels", label] = .null
    return template
  }
}
