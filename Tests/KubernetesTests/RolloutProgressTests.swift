import Bench
import Kubernetes
import Testing

@Suite("Rollout progress, over recordings of a real cluster")
struct RolloutProgressTests {
  /// The milestones that a watch tells of to the millisecond, by their names in the recordings.
  private static let told: [(name: String, milestone: PodMilestone)] = [
    ("created", .created), ("scheduled", .scheduled), ("started", .started), ("ready", .ready),
    ("ep_ready", .endpointReady), ("marked", .marked), ("ep_unready", .endpointUnready), ("unready", .unready),
    ("ep_removed", .endpointRemoved), ("gone", .gone),
  ]

  @Test(
    "a change ends when its last old pod is gone or its last new one available, within 100 ms",
    arguments: RolloutRecording.names)
  func complete(name: String) throws {
    let recording = try RolloutRecording.named(name)
    for (number, command) in recording.commands.enumerated() {
      guard let over = command.over else { continue }
      let record = recording.play(number)
      #expect(record.outcome == .complete, "\(command.argv)")
      #expect(record.detail == nil)
      #expect(record.start == command.start)
      let end = try #require(record.end)
      #expect(abs((end - over).seconds) < 0.1, "\(command.argv): \((end - over).seconds) s")
    }
  }

  @Test(
    "a change that fails does so by its own name and in the cluster's words, long before its deadline where it can",
    arguments: [
      ("05-broken-image", RolloutOutcome.imagePull, 13.5, "Back-off pulling image"),
      ("05b-image-never-pull", .imagePull, 4, "is not present with pull policy of Never"),
      ("08-crash-loop", .crashLoop, 8, "back-off 10s restarting failed container"),
      ("17-never-ready", .neverReady, 21.5, "Readiness probe failed"),
      ("18-unschedulable", .unschedulable, 8, "Insufficient cpu"),
    ])
  func fails(name: String, outcome: RolloutOutcome, within: Double, says: String) throws {
    let record = try RolloutRecording.named(name).play()
    #expect(record.outcome == outcome)
    #expect(record.detail?.contains(says) == true, "\(record.detail ?? "nothing")")
    let end = try #require(record.end)
    #expect((end - record.start).seconds < within, "\((end - record.start).seconds) s")
  }

  @Test(
    "a change that its limit cuts short is known by what its pods show",
    arguments: [
      ("17-never-ready", 10.0, RolloutOutcome.neverReady), ("18-unschedulable", 4, .unschedulable),
      ("05-broken-image", 3, .imagePull), ("01-set-image-surge1-unavail1", 1, .timedOut),
      ("11-graceful-prestop-sleep5", 12, .timedOut),
    ])
  func timesOut(name: String, limit: Double, outcome: RolloutOutcome) throws {
    let record = try RolloutRecording.named(name).play(limit: .seconds(limit))
    #expect(record.outcome == outcome)
    #expect(try abs((#require(record.end) - record.start).seconds - limit) < 0.11)
  }

  @Test(
    "every pod passes its milestones when the recording says so, within 50 ms, and no others",
    arguments: RolloutRecording.names)
  func podTimes(name: String) throws {
    let recording = try RolloutRecording.named(name)
    let records = recording.commands.indices.map { recording.play($0) }
    for (key, expected) in recording.pods {
      let lives = records.flatMap(\.pods).filter { $0.name == key || $0.uid == key }
      #expect(!lives.isEmpty)
      for (name, milestone) in Self.told {
        // The past of an old pod is not of this change.
        let moments = lives.compactMap { $0.times[milestone] }
        guard let seconds = expected[name], seconds >= 0 else {
          #expect(moments.isEmpty, "\(key) was never \(name)")
          continue
        }
        #expect(moments.count == 1, "\(key) \(name): \(moments)")
        guard let moment = moments.first else { continue }
        #expect(moment.isExact)
        let seen = (moment.latest - recording.origin).seconds
        #expect(abs(seen - seconds) < 0.05, "\(key) \(name): \(seen), not \(seconds)")
      }
      // The app's own log has its first line when its containers run already.
      guard let app = expected["app_started"], let started = lives.lazy.compactMap({ $0.times[.started] }).first
      else { continue }
      #expect((started.earliest - recording.origin).seconds < app + 0.05)
    }
  }

  @Test(
    "SIGTERM lies in its interval, widened by 50 ms, whenever the app's own log says that it came",
    arguments: RolloutRecording.names)
  func sigterm(name: String) throws {
    let recording = try RolloutRecording.named(name)
    let records = recording.commands.indices.map { recording.play($0) }
    for (key, expected) in recording.pods {
      let moments = records.flatMap(\.pods).filter { $0.name == key || $0.uid == key }.compactMap { $0.times[.sigterm] }
      guard let seconds = expected["sigterm"] else {
        #expect(moments.isEmpty || name.hasPrefix("08"), "\(key) was told to end without running")
        continue
      }
      let moment = try #require(moments.first, "\(key) was never told to end")
      let truth = recording.origin + .seconds(seconds)
      #expect(moment.earliest + .milliseconds(-50) <= truth, "\(key): \((truth - moment.earliest).seconds) s")
      #expect(truth <= moment.latest + .milliseconds(50), "\(key): \((truth - moment.latest).seconds) s")
      // The widest is 523 ms, of 01p on a busy machine; half of them are within 300 ms.
      #expect(moment.latest - moment.earliest < .milliseconds(550))
    }
  }
}
