import FoundationEssentials
import Testing

@testable import Sandbox

/// How ends are spread: of pods to EndpointSlices, of namespaces to what is in them.
@Suite("Controllers at the end of things")
struct ControllersEndingTests {
  private let pod: JSON = [
    "metadata": ["name": "p", "uid": "u", "deletionTimestamp": "2026-01-01T00:00:30Z"]
  ]
  private let killing: JSON = ["reason": "Killing", "involvedObject": ["uid": "u"]]
  private let begin = Date(timeIntervalSince1970: 1_000)

  @Test(
    "an EndpointSlice learns of a pod's end after the lag, and drops the endpoint after the longer one",
    arguments: [
      (0.0, true, false, 0.06), (0.059, true, false, 0.06), (0.06, false, false, 0.4), (0.399, false, false, 0.4),
      (0.4, false, true, nil),
    ])
  func lag(seconds: Double, isUnseen: Bool, isRemoved: Bool, next: Double?) {
    var endings = PodEndings(lag: EndpointLag(unready: 0.06, removed: 0.4, patience: 1))
    endings.look(at: [pod], now: begin)
    endings.look(atEvents: [killing], now: begin)
    let now = begin.addingTimeInterval(seconds)
    endings.look(at: [pod], now: now)
    #expect(endings.isUnseen(pod, now: now) == isUnseen)
    #expect(endings.isRemoved(pod, now: now) == isRemoved)
    #expect(endings.next(pod, now: now) == next.map(begin.addingTimeInterval))
  }

  @Test(
    "an EndpointSlice learns of a pod's end after the pod, however late that is, but does not wait for ever",
    arguments: [
      // when the kubelet tells the pod, when the slice must follow
      (0.0, 0.05), (0.012, 0.062), (0.3, 0.35), (nil, 1.0),
    ] as [(Double?, Double)])
  func signal(after signal: Double?, seen: Double) {
    var endings = PodEndings(lag: .measured)
    endings.look(at: [pod], now: begin)
    #expect(endings.awaitsSignals)
    if let signal {
      endings.look(atEvents: [["reason": "Started", "involvedObject": ["uid": "u"]]], now: begin)
      endings.look(atEvents: [killing], now: begin.addingTimeInterval(signal))
      #expect(!endings.awaitsSignals)
      endings.look(atEvents: [killing], now: begin.addingTimeInterval(signal + 0.02))
    }
    #expect(endings.isUnseen(pod, now: begin.addingTimeInterval(seen - 0.001)))
    #expect(!endings.isUnseen(pod, now: begin.addingTimeInterval(seen + 0.001)))
  }

  @Test("a pod that is not ending is seen as it is, and one that is gone is forgotten")
  func others() {
    var endings = PodEndings(lag: .measured)
    endings.look(at: [pod], now: begin)
    endings.look(at: [], now: begin)
    #expect(!endings.isUnseen(pod, now: begin))
    #expect(endings.isRemoved(pod, now: begin))
  }

  @Test("a namespace ends in order: a pause, its contents without owners, and itself when nothing is left")
  func namespace() {
    let namespace: JSON = ["metadata": ["name": "oggy", "deletionTimestamp": "2026-01-01T00:00:00Z"]]
    let owned: JSON = ["metadata": ["name": "p", "namespace": "oggy", "ownerReferences": [["uid": "x"]]]]
    let free: JSON = ["metadata": ["name": "d", "namespace": "oggy"]]
    let event: JSON = ["metadata": ["name": "e", "namespace": "oggy"]]
    let marked = Timestamp.moment("2026-01-01T00:00:00Z") ?? .distantPast
    func sync(_ contents: [(resource: Resource, object: JSON)], after seconds: Double) -> ControllerOutcome {
      NamespaceController.sync(namespace, contents: contents, now: marked.addingTimeInterval(seconds))
    }
    #expect(sync([(.deployments, free)], after: 1).actions.isEmpty)
    #expect(sync([(.deployments, free)], after: 1).again == marked.addingTimeInterval(2))
    let first = sync([(.deployments, free), (.pods, owned), (.events, event)], after: 2)
    #expect(first.actions == [.delete(.deployments, namespace: "oggy", name: "d")])
    #expect(sync([(.pods, owned)], after: 3).actions.isEmpty)
    #expect(sync([(.events, event)], after: 4).actions == [.remove(.namespaces, namespace: "", name: "oggy")])
  }
}
