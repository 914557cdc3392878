/// Which fields an object must have, from a query: `metadata.name=x,status.phase!=Failed`.
///
/// Any field of strings can be asked for, where a real server knows a few for each kind: the ones that kubectl
/// uses are among them.
package struct FieldSelector: Equatable, Sendable {
  private struct Requirement: Equatable {
    var path: [String]
    var value: String
    var equal: Bool
  }

  private var requirements: [Requirement] = []

  /// Matches everything.
  package init() {}

  /// Reads the `fieldSelector` of a query.
  ///
  /// Throws `badRequest` for what is none.
  package init(query: String) throws(APIStatus) {
    for part in query.split(separator: ",") {
      guard let sign = ["!=", "==", "="].lazy.compactMap({ part.firstRange(of: $0) }).first else {
        throw APIStatus(.badRequest, "invalid selector: '\(part)'; can't understand '\(part)'")
      }
      requirements.append(
        Requirement(
          path: part[..<sign.lowerBound].split(separator: ".").map(String.init),
          value: String(part[sign.upperBound...]), equal: !part[sign].hasPrefix("!")))
    }
  }

  /// Whether an object matches; an absent field is the empty string.
  package func matches(_ object: JSON) -> Bool {
    requirements.allSatisfy { requirement in
      let found = requirement.path.reduce(object) { $0[$1] }
      return ((found.string ?? found.int.map { "\($0)" } ?? "") == requirement.value) == requirement.equal
    }
  }
}
