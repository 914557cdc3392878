import ArgumentParser
import Bench
import FoundationEssentials
import Kubernetes

/// Runs that were killed before they had put the cluster back: another one must not take what they left for the state to
/// come back to.
struct LeftOpen {
  /// Path of the run's folder, for `votebench restore`.
  let run: String
  /// What it left changed.
  let workloads: [Workload]

  /// The killed runs below these folders whose workloads are those of `access`.
  static func find(below folders: [String], _ access: ClusterAccess) -> [LeftOpen] {
    let uids = Set(access.workloads.map(\.typed.metadata.uid))
    return folders.flatMap { folder in
      // What is put back of a comparison is all of it, its runs' changes with its own.
      let own = Journal.open(below: folder).map { ("\(folder)/\($0.run)", $0.record) }
      let inComparisons = ComparisonFolder.all(below: folder).flatMap { comparison in
        Journal.open(below: ComparisonFolder.runs(of: comparison)).map { (comparison, $0.record) }
      }
      return (own + inComparisons).compactMap { path, record in
        // A workload's uid tells clusters apart, whatever they are called.
        let left = record.open.filter { uids.contains($0.before.typed.metadata.uid) }.map(\.before.workload)
        return left.isEmpty ? nil : LeftOpen(run: path, workloads: left)
      }
    }
  }

  /// Offers to put it back now, where somebody is there to answer; false when it is not put back.
  func isPutBack() async -> Bool {
    guard Console.ask("\(sentence) Put it back now? [y/N] ") else { return false }
    do {
      var command = try RestoreCommand.parse([run])
      try await command.run()
      return true
    } catch {
      return false
    }
  }

  private var sentence: String {
    "the run in \(run) was ended in the middle and left \(workloads.map(\.description).joined(separator: " and ")) changed."
  }

  /// Why the run must not begin, and what to do.
  var failure: RunFailure {
    RunFailure("\(sentence) Put it back with `votebench restore \(run)`, then run again.")
  }
}
