import FoundationEssentials

/// Objects as rows: what `kubectl get` asks for and prints as it comes.
///
/// The columns of each kind are in ``TableColumns``.
struct Table: Sendable {
  /// The kind shown.
  var resource: Resource
  /// The time from which ages count.
  var now: @Sendable () -> Date
  /// The version of the Table itself that the client asked for.
  var apiVersion: String
  /// Which part of an object comes with its row: `None`, `Metadata` or `Object`.
  var include: String
  /// Whether the columns are named.
  var hasColumns = true

  /// The table of some objects, with the version of the list if there is one.
  func render(_ objects: [JSON], version: Int?) -> JSON {
    let columns = TableColumns.of(resource)
    let moment = now()
    let rows: [JSON] = objects.map { object in
      var row: JSON = ["cells": .array(columns.map { $0.cell(object, moment) })]
      if let part = part(of: object) { row["object"] = part }
      return row
    }
    var table: JSON = [
      "kind": "Table", "apiVersion": .string("meta.k8s.io/\(apiVersion)"), "rows": .array(rows),
      "columnDefinitions": .array(hasColumns ? columns.map(\.definition) : []),
      "metadata": ["resourceVersion": .string("\(version ?? 0)")],
    ]
    if version == nil {
      table["metadata", "resourceVersion"] = objects.last?["metadata", "resourceVersion"] ?? .null
    }
    return table
  }

  private func part(of object: JSON) -> JSON? {
    switch include {
    case "None": nil
    case "Object": object
    default:
      [
        "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(apiVersion)"),
        "metadata": object["metadata"],
      ]
    }
  }
}

/// One column of a kind.
struct TableColumn: Sendable {
  /// The heading; kubectl prints it in capitals.
  var name: String
  /// `string` or `integer`.
  var type = "string"
  /// 0 is always shown, 1 with `-o wide`.
  var priority = 0
  /// The cell of an object at a time.
  var cell: @Sendable (JSON, Date) -> JSON

  /// The heading as the wire has it.
  var definition: JSON {
    [
      "name": .string(name), "type": .string(type), "format": name == "Name" ? "name" : "", "description": "",
      "priority": .int(priority),
    ]
  }
}
