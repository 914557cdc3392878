/// The forms of names, label keys and label values, with what a real server says of others.
enum Names {
  private static let lower = Set("abcdefghijklmnopqrstuvwxyz")
  private static let digits = Set("0123456789")
  private static let alphanumeric = lower.union(digits).union(Set("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))

  static let subdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    + "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
  static let label =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
    + "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
  private static let service =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    + "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    + "'[a-z]([-a-z0-9]*[a-z0-9])?')"
  private static let value =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    + "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
  private static let key =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

  /// What is wrong with the name of an object; nil if nothing is.
  static func problem(_ name: String, of resource: Resource) -> String? {
    switch resource {
    case .roles, .roleBindings, .clusterRoles, .clusterRoleBindings:
      return name.contains("/") || name.contains("%") ? "may not contain '/' or '%'" : nil
    case .namespaces: return labelProblem(name)
    case .services:
      guard name.count <= 63 else { return "must be no more than 63 characters" }
      return isLabel(name) && name.first.map(lower.contains) == true ? nil : service
    default:
      guard name.count <= 253 else { return "must be no more than 253 characters" }
      return isSubdomain(name) ? nil : subdomain
    }
  }

  /// What is wrong with the name of a container, a volume or the like; nil if nothing is.
  static func labelProblem(_ name: String) -> String? {
    guard name.count <= 63 else { return "must be no more than 63 characters" }
    return isLabel(name) ? nil : label
  }

  /// What is wrong with the value of a label; nil if nothing is.
  static func labelValueProblem(_ text: String) -> String? {
    guard text.count <= 63 else { return "must be no more than 63 characters" }
    return text.isEmpty || isQualified(text) ? nil : value
  }

  /// What is wrong with the key of a label or annotation; nil if nothing is.
  static func keyProblem(_ text: String) -> String? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, let name = parts.last else {
      return "a qualified name \(key.dropFirst("name part ".count)) with an optional DNS subdomain prefix and '/' "
        + "(e.g. 'example.com/MyName')"
    }
    if parts.count == 2, !isSubdomain(parts[0].lowercased()) { return "prefix part \(subdomain)" }
    guard !name.isEmpty else { return "name part must be non-empty" }
    guard name.count <= 63 else { return "name part must be no more than 63 characters" }
    return isQualified(name) ? nil : key
  }

  /// Whether a text can be the key of a ConfigMap or a Secret.
  static func isConfigKey(_ text: String) -> Bool {
    !text.isEmpty && text.count <= 253 && text.allSatisfy { alphanumeric.contains($0) || "-._".contains($0) }
      && text != "." && text != ".."
  }

  /// What is wrong with the name of a port of a container; nil if nothing is.
  static func portProblem(_ name: String) -> String? {
    if name.count > 15 { return "must be no more than 15 characters" }
    if !name.allSatisfy({ lower.contains($0) || digits.contains($0) || $0 == "-" }) {
      return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    }
    if !name.contains(where: lower.contains) { return "must contain at least one letter (a-z)" }
    if name.contains("--") { return "must not contain consecutive hyphens" }
    return name.hasPrefix("-") || name.hasSuffix("-") ? "must not begin or end with a hyphen" : nil
  }

  private static func isLabel(_ text: some StringProtocol) -> Bool {
    text.allSatisfy { lower.contains($0) || digits.contains($0) || $0 == "-" }
      && !text.isEmpty && !text.hasPrefix("-") && !text.hasSuffix("-")
  }

  private static func isSubdomain(_ text: String) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
  }

  private static func isQualified(_ text: String) -> Bool {
    text.allSatisfy { alphanumeric.contains($0) || "-_.".contains($0) }
      && text.first.map(alphanumeric.contains) == true && text.last.map(alphanumeric.contains) == true
  }
}
