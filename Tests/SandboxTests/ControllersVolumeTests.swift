import Testing

@testable import Sandbox

/// Claims and their volumes.
@Suite("The volume controller")
struct ControllersVolumeTests {
  private let store = ObjectStore()

  private func pass() {
    var pass = ControllerPass(store: store, names: NameGenerator(seed: 1))
    _ = pass.settle()
  }

  private func claim(_ name: String, class className: JSON = .null) throws -> JSON {
    try store.create(
      [
        "metadata": ["name": .string(name), "namespace": "oggy"],
        "spec": [
          "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]],
          "storageClassName": className,
        ],
      ], .persistentVolumeClaims)
  }

  private func makeClass() throws {
    try store.create(["metadata": ["name": "standard"]], .storageClasses)
  }

  @Test("a claim is bound to a volume of its own, which goes when the claim does")
  func wholeLife() throws {
    try makeClass()
    let made = try claim("data")
    pass()
    let bound = try #require(store.get(.persistentVolumeClaims, namespace: "oggy", name: "data"))
    #expect(bound["status", "phase"] == "Bound")
    #expect(bound["status", "capacity", "storage"] == "1Gi")
    let volume = try #require(store.list(.persistentVolumes).items.first)
    #expect(bound["spec", "volumeName"].string == volume.name)
    #expect(volume["spec", "claimRef", "uid"].string == made.uid)
    try store.markDeleted(.persistentVolumeClaims, namespace: "oggy", name: "data")
    pass()
    #expect(store.list(.persistentVolumes).items.isEmpty)
  }

  @Test("two claims have two volumes")
  func apart() throws {
    try makeClass()
    _ = (try claim("one"), try claim("two"))
    pass()
    #expect(Set(store.list(.persistentVolumes).items.map(\.name)).count == 2)
  }

  @Test("a claim of a class that does not exist stays pending, until it does")
  func unknownClass() throws {
    _ = try claim("data", class: "standard")
    pass()
    #expect(store.get(.persistentVolumeClaims, namespace: "oggy", name: "data")?["status", "phase"] == "Pending")
    #expect(store.list(.persistentVolumes).items.isEmpty)
    try makeClass()
    pass()
    #expect(store.get(.persistentVolumeClaims, namespace: "oggy", name: "data")?["status", "phase"] == "Bound")
  }
}
