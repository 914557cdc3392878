import Bench
import FoundationEssentials
import Kubernetes
import LoadEngine
import Sandbox

/// `--dry-run`: looks at the cluster as a run would, says what the run would do, and does none of it.
///
/// The sandbox is not started: what it begins with stands in the manifests.
struct DryRun {
  private let profile: RunProfile

  init(_ profile: RunProfile) {
    self.profile = profile
  }

  /// What the run would do, with a line break at its end.
  func text() async throws(RunFailure) -> String {
    guard let rollout = profile.rollout else { return text(cluster: [], commands: [], watches: []) }
    let kubectl = profile.target == .sandbox ? Self.sandboxKubectl(rollout) : Surroundings(profile).kubectl
    guard let kubectl else { return text(cluster: [], commands: [], watches: []) }
    let access =
      profile.target == .sandbox ? try sandboxAccess(rollout) : try await clusterAccess(rollout, kubectl)
    let commands: [DryRunText.Command]
    do {
      commands = try PlannedCommands(rollout, access: access, kubectl: kubectl).commands
    } catch {
      throw RunFailure(error)
    }
    let watches = access.workloads.flatMap { found in
      RolloutDriver(kubectl: kubectl, workload: found.workload, limit: rollout.timeout, now: { .now })
        .watches(found.typed)
    }
    return text(cluster: access.lines, commands: commands, watches: watches)
  }

  private func text(cluster: [String], commands: [DryRunText.Command], watches: [String]) -> String {
    let folder =
      profile.out ?? Program.projectFile("Reports/runs/<UTC time>-") + (profile.rollout == nil ? "load" : "rollout")
    let files =
      FinishedRun.Format.allCases.map(\.file)
      + ["latency.<phase>.hgrm", "latency.hlog", "profile.yaml"] + (profile.keepsLedger ? ["votes.ledger"] : [])
    return DryRunText(
      profile, cluster: cluster, commands: commands, watches: watches,
      report: [folder, (files + (profile.rollout == nil ? [] : ["journal.ndjson"])).joined(separator: ", ")]
    ).text
  }

  private func clusterAccess(
    _ rollout: RunProfile.Rollout, _ kubectl: Kubectl
  ) async throws(RunFailure) -> ClusterAccess {
    do {
      return try await Preflight(kubectl: kubectl, changes: rollout.changes, strategy: rollout.strategy).run()
    } catch {
      throw RunFailure(error)
    }
  }

  // MARK: The sandbox

  private static func sandboxKubectl(_ rollout: RunProfile.Rollout) -> Kubectl {
    Kubectl(executable: rollout.kubectl, context: SandboxInfo.contextName, namespace: rollout.namespace)
  }

  private func sandboxAccess(_ rollout: RunProfile.Rollout) throws(RunFailure) -> ClusterAccess {
    var found: [WorkloadSnapshot] = []
    for workload in rollout.changes.map(\.workload) where !found.contains(where: { $0.workload == workload }) {
      do {
        let objects = try Manifests(folder: Program.manifests).objects()
        guard
          var object = objects.first(where: {
            $0.resource.kind.lowercased() == workload.kind.rawValue
              && $0.object["metadata", "name"].string == workload.name
          })?.object
        else { throw RunFailure("the sandbox has no \(workload); see Profiles/manifests for what it has.") }
        // Given to it when it is made.
        object["metadata", "uid"] = ""
        found.append(try WorkloadSnapshot(json: object.text))
      } catch let failure as RunFailure {
        throw failure
      } catch {
        throw RunFailure("\(error)")
      }
    }
    return ClusterAccess(
      address: ClusterAddress(context: SandboxInfo.contextName), namespace: rollout.namespace, workloads: found)
  }
}
