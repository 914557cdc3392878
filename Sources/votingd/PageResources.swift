import Hummingbird

/// What the pages refer to: the stylesheet, the script of the result page and the icon, each under an address that
/// names its content.
///
/// The addresses lie below the role's path, so that the ingress, which routes by path, finds them; and since a changed
/// content is another address, browsers may keep them for good.
struct PageResources: Sendable {
  /// One file.
  struct Resource: Sendable {
    let path: String
    let type: String
    let body: ByteBuffer
  }

  let style: Resource
  let script: Resource
  let icon: Resource

  /// `folder` is the path of the role at the ingress, such as "/vote".
  init(folder: String) {
    style = Self.resource(folder, "style", "css", type: "text/css; charset=utf-8", Stylesheet.text)
    script = Self.resource(folder, "live", "js", type: "text/javascript; charset=utf-8", LiveScript.text)
    icon = Self.resource(folder, "icon", "svg", type: "image/svg+xml", Stylesheet.icon)
  }

  /// The answer to a path; nil when no resource of any version has such a name.
  ///
  /// In a rollout the page of one version may ask a pod of the other: it gets what this one has, and is not to keep it.
  func response(path: String) -> Response? {
    for resource in [style, script, icon] {
      if path == resource.path { return answer(resource, caching: "public, max-age=31536000, immutable") }
      let stem = resource.path.prefix { $0 != "-" }
      if path.hasPrefix("\(stem)-"), path.count < 64 { return answer(resource, caching: "no-store") }
    }
    return nil
  }

  private func answer(_ resource: Resource, caching: String) -> Response {
    var headers: HTTPFields = [.contentType: resource.type, .cacheControl: caching]
    headers[.xContentTypeOptions] = "nosniff"
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: resource.body))
  }

  private static func resource(
    _ folder: String, _ name: String, _ ending: String, type: String, _ text: String
  ) -> Resource {
    let path = "\(folder)/\(name)-\(String(hash(text), radix: 16)).\(ending)"
    return Resource(path: path, type: type, body: ByteBuffer(string: text))
  }

  /// FNV-1a of 64 bits: tells versions apart, and defends against nothing.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
