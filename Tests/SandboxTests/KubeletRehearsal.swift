import FoundationEssentials
import Glibc

@testable import Sandbox

/// Leads one pod through time without waiting: feeds the machine, and collects what it wants done.
struct Rehearsal {
  static let start = Date(timeIntervalSince1970: 1_800_000_000)

  var machine: PodMachine
  var status = PodStatus()
  var log: [String] = []
  var mountFailure: String?
  private var last = start

  /// A pod as it is given.
  init(_ specification: JSON) {
    let pod: JSON = [
      "metadata": ["name": "voting-app-1", "namespace": "oggy", "uid": "u-1"], "spec": specification,
    ]
    guard let plan = PodPlan(pod) else { preconditionFailure("the pod above is one") }
    machine = PodMachine(plan, now: Self.start)
  }

  init(image: String = "voting-app:v1", preStop: JSON = ["exec": ["command": ["sleep", "5"]]], probes: JSON = [:]) {
    self.init([
      "terminationGracePeriodSeconds": 30,
      "containers": [
        [
          "name": "voting-app", "image": .string(image), "ports": [["name": "http", "containerPort": 8080]],
          "lifecycle": ["preStop": preStop, "postStart": probes["postStart"]],
          "readinessProbe": [
            "httpGet": ["path": "/readyz", "port": "http"], "periodSeconds": 1, "failureThreshold": 2,
          ],
          "livenessProbe": probes["livenessProbe"], "startupProbe": probes["startupProbe"],
          "imagePullPolicy": probes["imagePullPolicy"],
        ]
      ],
    ])
  }

  /// Handles an event at so many seconds, after the ticks that were due before.
  mutating func at(_ seconds: Double, _ event: PodMachine.Event = .tick) {
    let now = Self.start.addingTimeInterval(seconds)
    // Bounded: a machine that wants a tick without end is a broken one.
    for _ in 0..<1_000 {
      guard let deadline = machine.deadline, deadline < now else { break }
      last = max(last, deadline)
      note(machine.handle(.tick, now: last), last)
    }
    last = now
    note(machine.handle(event, now: now), now)
  }

  /// The same of the first container, or another.
  mutating func at(_ seconds: Double, _ event: ContainerMachine.Event, of container: Int = 0) {
    at(seconds, .container(container, event))
  }

  private mutating func note(_ actions: [PodMachine.Action], _ now: Date) {
    let seconds = (now.timeIntervalSince(Self.start) * 100).rounded() / 100
    for action in actions {
      switch action {
      case .mount: note(machine.handle(mountFailure.map { .mountFailed($0) } ?? .mounted, now: now), now)
      case .report(let report): log.append("\(seconds) \(report.reason)")
      case .silenceAddress: log.append("\(seconds) silence")
      case .remove: log.append("\(seconds) remove")
      case .container(let index, let action):
        log.append("\(seconds) \(index > 0 ? "\(machine.plan.containers[index].name) " : "")\(Self.word(action))")
      }
    }
  }

  private static func word(_ action: ContainerMachine.Action) -> String {
    switch action {
    case .start: "start"
    case .probe(let kind): "probe \(kind)"
    case .runHook(let kind): "\(kind)"
    case .signal(let number): [SIGTERM: "SIGTERM", SIGKILL: "SIGKILL", SIGINT: "SIGINT"][number] ?? "?"
    case .report(let report): report.reason
    }
  }

  func did(_ word: String) -> [Double] {
    log.filter { $0.hasSuffix(" \(word)") }.compactMap { Double($0.split(separator: " ")[0]) }
  }

  mutating func json(_ seconds: Double) -> JSON {
    status.json(
      of: machine, address: "127.70.1.10", node: "127.70.1.1", now: Self.start.addingTimeInterval(seconds))
  }

  func condition(_ type: String, in status: JSON) -> String? {
    status["conditions"][where: "type", is: type]["status"].string
  }
}
