import FoundationEssentials

/// The encoding of a Secret's values (RFC 4648, section 4).
package enum Base64 {
  /// Encodes bytes.
  package static func text(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString()
  }

  /// Decodes; nil for what is no base64.
  package static func bytes(_ text: String) -> [UInt8]? {
    Data(base64Encoded: text).map { [UInt8]($0) }
  }
}
