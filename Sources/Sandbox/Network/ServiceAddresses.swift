/// The addresses that Services get, and the rules for them.
///
/// What is taken is read from the Services themselves, so an address is free again when its Service is gone. The
/// words of refusal are those of a Kubernetes 1.36 API server. (kubernetes/pkg/registry/core/service/storage/alloc.go)
package struct ServiceAddresses: Sendable {
  private let pool: [String]
  private let reserved: [String]
  // Where the search goes on, so that an address rests as long as possible before another Service has it.
  private var next = 0

  /// Addresses to choose from, and those that a Service gets only if it names them.
  package init(_ pool: [String], reserved: [String] = []) {
    self.pool = pool
    self.reserved = reserved
  }

  /// Completes a Service that is created, for a `previous` of nil, or changed, and finds an address if it needs one.
  ///
  /// `others` are all Services that are stored. Throws `invalid` for an address that it cannot have, and
  /// `internalError` if none is left, as the real server does.
  mutating func settle(
    _ service: inout JSON, previous: JSON?, others: some Sequence<JSON>
  ) throws(APIStatus) {
    let before = previous?["spec"] ?? .null
    guard service["spec", "type"].string != "ExternalName" else { return release(&service["spec"], before) }
    carryOver(&service["spec"], before)
    let wanted = service["spec", "clusterIPs"]
    if before["type"].string != "ExternalName", !before["clusterIPs"].elements.isEmpty {
      guard wanted == before["clusterIPs"] else { throw refusal(service, at: "[0]", "may not change once set") }
      return
    }
    let address: String
    if let named = wanted[0].string {
      guard named != "None" else { return }
      try check(named, service, taken: Self.taken(others))
      address = named
    } else {
      address = try choose(taken: Self.taken(others))
    }
    service["spec", "clusterIP"] = .string(address)
    service["spec", "clusterIPs"] = [.string(address)]
  }

  private static func taken(_ services: some Sequence<JSON>) -> Set<String> {
    Set(services.flatMap { $0["spec", "clusterIPs"].elements.compactMap(\.string) })
  }

  private mutating func choose(taken: Set<String>) throws(APIStatus) -> String {
    for step in pool.indices {
      let place = (next + step) % pool.count
      guard !taken.contains(pool[place]) else { continue }
      next = place + 1
      return pool[place]
    }
    throw APIStatus(.internalError, "Internal error occurred: failed to allocate a serviceIP: range is full")
  }

  private func check(_ address: String, _ service: JSON, taken: Set<String>) throws(APIStatus) {
    guard Self.isAddress(address) else {
      let cause = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
      throw refusal(service, at: "[0]", value: .string(address), cause)
    }
    guard pool.contains(address) || reserved.contains(address) else {
      let cause = "the provided network does not match the current range"
      throw refusal(service, "failed to allocate IP \(address): \(cause)")
    }
    guard !taken.contains(address) else {
      throw refusal(service, "failed to allocate IP \(address): provided IP is already allocated")
    }
  }

  private static func isAddress(_ text: String) -> Bool {
    let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
    return numbers.count == 4 && numbers.allSatisfy { UInt8($0) != nil && ($0 == "0" || $0.first != "0") }
  }

  private func refusal(
    _ service: JSON, at place: String = "", value: JSON? = nil, _ cause: String
  ) -> APIStatus {
    let name = service["metadata", "name"].string ?? ""
    let field = "spec.clusterIPs\(place)"
    let message = "Invalid value: \((value ?? service["spec", "clusterIPs"]).text): \(cause)"
    return APIStatus(
      .invalid, "Service \"\(name)\" is invalid: \(field): \(message)",
      details: [
        "name": .string(name), "kind": "Service",
        "causes": [["reason": "FieldValueInvalid", "message": .string(message), "field": .string(field)]],
      ])
  }

  // What a change leaves out stays, and one of the two spellings stands for both.
  private func carryOver(_ spec: inout JSON, _ before: JSON) {
    let old = before["type"].string == "ExternalName" ? .null : before
    for field in ["clusterIP", "clusterIPs"] where spec[field] == "" || spec[field] == [] { spec[field] = .null }
    if spec["clusterIP"].isNull { spec["clusterIP"] = spec["clusterIPs"][0] }
    if spec["clusterIP"].isNull { spec["clusterIP"] = old["clusterIP"] }
    let isStale = spec["clusterIPs"] == old["clusterIPs"] && spec["clusterIP"] != old["clusterIP"]
    if spec["clusterIPs"].isNull || isStale {
      spec["clusterIPs"] = spec["clusterIP"].isNull ? .null : [spec["clusterIP"]]
    }
  }

  // A Service that becomes a mere name gives back what it got without asking.
  private func release(_ spec: inout JSON, _ before: JSON) {
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] {
      if before.isNull || spec[field] == before[field] { spec[field] = .null }
    }
  }
}
