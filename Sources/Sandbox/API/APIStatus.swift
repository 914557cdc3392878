/// An answer of the API server that is no object: what Kubernetes calls a Status.
///
/// Thrown by the store and by everything that stands between it and a request.
package struct APIStatus: Error, Equatable {
  /// Why, as Kubernetes names it.
  ///
  /// The names are those of the wire.
  package enum Code: String, Sendable {
    case badRequest = "BadRequest"
    case unauthorized = "Unauthorized"
    case forbidden = "Forbidden"
    case notFound = "NotFound"
    case methodNotAllowed = "MethodNotAllowed"
    case notAcceptable = "NotAcceptable"
    case alreadyExists = "AlreadyExists"
    case conflict = "Conflict"
    case expired = "Expired"
    case tooLarge = "RequestEntityTooLarge"
    case unsupportedMediaType = "UnsupportedMediaType"
    case invalid = "Invalid"
    case internalError = "InternalError"
  }

  /// Why.
  package var code: Code
  /// A sentence with the object and the cause, as a real server writes it: kubectl prints it as it is.
  package var message: String
  /// Which object, and which of its fields: `name`, `group`, `kind`, `causes`.
  ///
  /// Null if there are none.
  package var details: JSON

  /// A status of that code.
  package init(_ code: Code, _ message: String, details: JSON = .null) {
    self.code = code
    self.message = message
    self.details = details
  }

  /// The HTTP status code.
  package var httpStatus: Int {
    switch code {
    case .badRequest: 400
    case .unauthorized: 401
    case .forbidden: 403
    case .notFound: 404
    case .methodNotAllowed: 405
    case .notAcceptable: 406
    case .alreadyExists, .conflict: 409
    case .expired: 410
    case .tooLarge: 413
    case .unsupportedMediaType: 415
    case .invalid: 422
    case .internalError: 500
    }
  }

  /// The object that goes over the wire.
  package var json: JSON {
    var status: JSON = [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
      "reason": .string(code.rawValue), "code": .int(httpStatus),
    ]
    if !details.isNull { status["details"] = details }
    return status
  }
}

extension APIStatus {
  private static func details(_ resource: Resource, _ name: String) -> JSON {
    var details: JSON = ["name": .string(name), "kind": .string(resource.plural)]
    if !resource.group.isEmpty { details["group"] = .string(resource.group) }
    return details
  }

  /// There is no such object.
  package static func notFound(_ resource: Resource, _ name: String) -> APIStatus {
    APIStatus(.notFound, "\(resource.qualifiedName) \"\(name)\" not found", details: details(resource, name))
  }

  /// Nothing can be put into a namespace that is being deleted.
  package static func namespaceEnding(_ resource: Resource, _ name: String, _ namespace: String) -> APIStatus {
    APIStatus(
      .forbidden,
      "\(resource.qualifiedName) \"\(name)\" is forbidden: unable to create new content in namespace \(namespace) "
        + "because it is being terminated", details: details(resource, name))
  }

  /// There is no such path.
  package static var noSuchPath: APIStatus {
    APIStatus(.notFound, "the server could not find the requested resource", details: [:])
  }

  /// An object of that name is there already.
  package static func alreadyExists(_ resource: Resource, _ name: String) -> APIStatus {
    APIStatus(.alreadyExists, "\(resource.qualifiedName) \"\(name)\" already exists", details: details(resource, name))
  }

  /// The object has changed since the caller read it.
  package static func conflict(_ resource: Resource, _ name: String) -> APIStatus {
    let cause = "the object has been modified; please apply your changes to the latest version and try again"
    return APIStatus(
      .conflict, "Operation cannot be fulfilled on \(resource.qualifiedName) \"\(name)\": \(cause)",
      details: details(resource, name))
  }

  /// The watch begins before the events that are still known.
  package static func expired(_ version: Int, oldest: Int) -> APIStatus {
    APIStatus(.expired, "too old resource version: \(version) (\(oldest))")
  }
}
