import Bench
import Testing

@Suite("Profile")
struct ProfileTests {
  private func problems(_ values: [Settings.Key: String]) -> [String] {
    var settings = Settings()
    for (key, text) in values { settings.set(key, Settings.Setting(text, place: "--\(key.rawValue)")) }
    guard case .failure(let list) = RunProfile.validate(settings, freshSeed: 7) else { return [] }
    return list.problems.map(\.place)
  }

  @Test(
    "a wrong value is refused with its place",
    arguments: [
      (.rate, "0"), (.rate, "fast"), (.duration, "-5s"), (.duration, "5"), (.duration, "0s"), (.warmup, "-1s"),
      (.connections, "0"), (.connections, "16385"), (.timeout, "never"), (.target, "ftp://x"), (.votePath, "vote"),
      (.seed, "-1"), (.baseline, "30s"), (.image, "voting-app:v2"), (.rollback, "false"),
    ] as [(Settings.Key, String)])
  func refuses(key: Settings.Key, text: String) {
    #expect(problems([key: text]) == ["--\(key.rawValue)"])
  }

  @Test("every problem is named at once")
  func all() {
    #expect(problems([.rate: "0", .duration: "x", .connections: "many"]) == ["--connections", "--duration", "--rate"])
  }

  @Test("defaults are those of the product page")
  func defaults() throws {
    var settings = Settings()
    settings.set(.duringRollout, Settings.Setting("true", place: "--during-rollout"))
    let profile = try RunProfile.validate(settings, freshSeed: 7).get()
    #expect(profile.target == .sandbox)
    #expect(profile.warmup == .seconds(10))
    #expect(profile.baseline == .seconds(30))
    #expect(profile.connections == 64)
    #expect(profile.timeout == .seconds(10))
    #expect(profile.pollInterval == .milliseconds(500))
    #expect(profile.seed == 7)
    #expect(profile.schedule == Schedule(rate: ArrivalRate(votesPerSecond: 100)))
    #expect(profile.threads == 1 && profile.streams == 1 && profile.newConnections == 0)
    #expect(profile.http == .one && profile.lane == .direct)
    #expect(profile.podHeader == "X-Pod" && profile.versionHeader == "X-Version" && profile.podPattern == nil)
    let rollout = try #require(profile.rollout)
    #expect(rollout.settle == .seconds(10))
    #expect(rollout.recovered == .seconds(20))
    #expect(rollout.timeout == .seconds(120))
    #expect(rollout.rollback)
    #expect(try RunProfile.validate(Settings(), freshSeed: 7).get().baseline == .seconds(30))
  }

  @Test("elsewhere than on the sandbox a rollout needs an image; on it the cluster's flags make no sense")
  func targets() {
    #expect(problems([.duringRollout: "true", .target: "https://a.example"]) == ["--during-rollout"])
    #expect(problems([.duringRollout: "true", .context: "kind", .namespace: "x"]) == ["--context", "--namespace"])
    #expect(problems([.duringRollout: "true", .duration: "30s"]) == ["--duration"])
    #expect(problems([.target: "https://a.example", .resolve: "host:443"]) == ["--resolve"])
    #expect(problems([.resolve: "a.example:443:127.0.0.1", .cacert: "ca.pem"]) == ["--cacert", "--resolve"])
  }

  @Test(
    "how to vote and where the tally is is checked at once, elsewhere than on the sandbox, which has its own",
    arguments: [
      ([.choices: "a,a"], ["--choices"]), ([.choices: "a,,b"], ["--choices"]), ([.choices: "total,b"], ["--choices"]),
      ([.accepted: "thanks"], ["--accepted"]), ([.voterCookie: "a b"], ["--voter-cookie"]),
      ([.voteField: "a\r\nb"], ["--vote-field"]), ([.tally: "/result"], ["--tally"]),
      ([.tally: "json:/r", .resultPath: "/r"], ["--result-path"]),
      ([.tally: "json:/r#a=/0,b=/1", .privateLabel: "true"], ["--tally"]),
      ([.tally: "html:/r#{choice}: *%#of * votes", .privateLabel: "true"], ["--tally"]),
      ([.tally: "json:/r#x=/0,y=/1", .choices: "x,y"], []), ([.tally: "socket.io:/s", .privateLabel: "true"], []),
      ([.choices: "new york,a&b", .accepted: "for {choice}!", .voterCookie: "session", .voteField: "my vote"], []),
    ] as [([Settings.Key: String], [String])])
  func wire(asked: [Settings.Key: String], places: [String]) {
    #expect(problems(asked.merging([.target: "https://a.example"]) { $1 }) == places)
    let own = asked.keys.filter { ![.tally, .resultPath].contains($0) }
    #expect(Set(problems(asked)).isSuperset(of: own.map { "--\($0.rawValue)" }))
  }

  @Test("several sources make a list in a profile, in their order; a source is not given twice")
  func sources() throws {
    let file = try Settings.read(yaml: "tally: ['json:/r', 'sse:/s', 'json:/r']", name: "p.yaml").get()
    guard case .failure(let list) = RunProfile.validate(file, freshSeed: 1) else {
      Issue.record("a source was taken twice")
      return
    }
    #expect(list.problems.map(\.expected) == ["is given twice"])
    guard case .failure(let comma) = Settings.read(yaml: "choices: ['new york, ny', boston]", name: "p.yaml") else {
      Issue.record("a choice with a comma was taken for two")
      return
    }
    #expect(comma.problems.map(\.expected) == ["expected a list of plain values, none with a comma in it"])
    let two = Settings.read(
      yaml: "tally: ['json:/r', 'sse:/s']\nchoices: [x, y]\ntarget: https://a.example", name: "p")
    let profile = try RunProfile.validate(two.get(), freshSeed: 1).get()
    #expect(profile.tallySources.map(\.name) == ["json:/r", "sse:/s"] && profile.choices == ["x", "y"])
  }

  @Test("an export is a command, or a URL that psql reads; the sandbox has its own")
  func export() throws {
    let url = "postgresql://postgres@db/votes"
    let away = [Settings.Key.target: "https://a.example"]
    #expect(problems(away.merging([.export: "kubectl exec db-0 -- psql"]) { $1 }).isEmpty)
    #expect(problems(away.merging([.export: " "]) { $1 }) == ["--export"])
    #expect(problems(away.merging([.export: url + " x"]) { $1 }) == ["--export"])
    #expect(problems(away.merging([.semantics: "once"]) { $1 }) == ["--semantics"])
    #expect(problems([.export: "true", .semantics: "count"]) == ["--export", "--semantics"])
    var settings = Settings()
    for (key, text) in [(Settings.Key.target, "https://a.example"), (.export, url)] {
      settings.set(key, Settings.Setting(text, place: ""))
    }
    let profile = try RunProfile.validate(settings, freshSeed: 1).get()
    #expect(profile.export?.first == "psql" && profile.export?.last == url)
    #expect(profile.semantics == .upsert)
  }

  @Test("a profile is read with line numbers, and values as they are spelled")
  func yaml() throws {
    let settings = try Settings.read(
      yaml: "rate: 30/m\nduring-rollout: true\n# why\nbaseline: 20s\n", name: "ci.yaml"
    ).get()
    #expect(settings[.rate]?.text == "30/m")
    #expect(settings[.baseline]?.place == "ci.yaml:4: baseline")
  }

  @Test("what is wrong is told in the order of the lines, the tenth after the second")
  func order() throws {
    let text = "seed: 1\nrate: none\n" + String(repeating: "#\n", count: 7) + "connections: none\n"
    let settings = try Settings.read(yaml: text, name: "ci.yaml").get()
    guard case .failure(let list) = RunProfile.validate(settings, freshSeed: 1) else {
      Issue.record("a wrong profile was taken")
      return
    }
    #expect(list.problems.map(\.place) == ["ci.yaml:2: rate", "ci.yaml:10: connections"])
  }

  @Test("a profile with unknown keys, nested or repeated values names every line")
  func badYaml() {
    let read = Settings.read(yaml: "rat: 5\nrate: [1, 2]\nseed: 1\nseed: 2\n", name: "ci.yaml")
    guard case .failure(let list) = read else {
      Issue.record("a wrong profile was read")
      return
    }
    #expect(list.problems.count >= 1)
    #expect(list.problems.allSatisfy { $0.place.hasPrefix("ci.yaml") })
    guard case .failure = Settings.read(yaml: "a: [", name: "ci.yaml") else {
      Issue.record("broken YAML was read")
      return
    }
    guard case .failure = Settings.read(yaml: "- a\n", name: "ci.yaml") else {
      Issue.record("a list was read as a profile")
      return
    }
  }

  @Test(
    "durations",
    arguments: [("250ms", 250), ("30s", 30_000), ("1.5s", 1500), ("5m", 300_000), ("1h", 3_600_000), ("0s", 0)])
  func durations(text: String, milliseconds: Int) {
    #expect(Duration(spelled: text) == .milliseconds(milliseconds))
  }

  @Test("what is no duration", arguments: ["", "s", "-5s", "5", "5d", "1e3s", "NaNs", "1.2.3s", "99999999999999h"])
  func noDurations(text: String) {
    #expect(Duration(spelled: text) == nil)
  }
}
