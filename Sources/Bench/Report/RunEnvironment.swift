/// Where a run was made and what it drove, as far as votebench came to know it; nil for what it did not.
package struct RunEnvironment: Sendable, Hashable, Codable {
  /// Operating system, its release and the architecture, as `uname -srm` prints them.
  package var system: String?
  /// Model of the processor.
  package var processor: String?
  /// Processors that the machine has online.
  package var processors: Int?
  /// Version of kubectl.
  package var kubectl: String?
  /// Version of the API server.
  package var server: String?
  /// Context of the kubeconfig.
  package var context: String?

  /// An environment; see the members.
  package init(
    system: String? = nil, processor: String? = nil, processors: Int? = nil, kubectl: String? = nil,
    server: String? = nil, context: String? = nil
  ) {
    self.system = system
    self.processor = processor
    self.processors = processors
    self.kubectl = kubectl
    self.server = server
    self.context = context
  }

  /// What is known, with its name, for people.
  var facts: [(name: String, value: String)] {
    [
      ("system", system), ("processor", processor), ("processors", processors.map { "\($0)" }), ("kubectl", kubectl),
      ("API server", server), ("context", context),
    ].compactMap { name, value in value.map { (name, $0) } }
  }
}
