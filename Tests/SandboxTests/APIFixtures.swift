@testable import Sandbox

/// The API without HTTP.
struct API {
  let service: APIService
  var identity = Identity.admin

  init(_ store: ObjectStore) {
    service = APIService(store: store, kubelet: nil)
  }

  /// What a request is answered; the Status of a failure is an answer too.
  func answer(
    _ method: String, _ target: String, _ body: JSON? = nil, type: String = "application/json", accept: String = ""
  ) -> JSON {
    switch raw(method, target, body.map(\.bytes) ?? [], type: type, accept: accept) {
    case .json(let object, _, _): object
    case .warned(let object, _, _): object
    case .bytes(let bytes, _, _): .string(String(decoding: bytes, as: UTF8.self))
    case .watch: "a watch"
    case .log: "a log"
    case .exec: "a command"
    }
  }

  func raw(
    _ method: String, _ target: String, _ body: [UInt8] = [], type: String = "application/json", accept: String = ""
  ) -> APIAnswer {
    service.answer(
      APIRequest(method: method, target: target, accept: accept, contentType: type, body: body), as: identity)
  }
}
