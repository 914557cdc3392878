import FoundationEssentials
import Glibc

/// What the kubelet looks at about once a second: the memory of containers and the space on volumes.
extension Kubelet {
  /// Kills containers beyond their memory limit, as the kernel does on a real node, and tells of full volumes; until
  /// the task is cancelled.
  func watchResources() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(1))
      for uid in pods.keys {
        watchMemory(uid)
        watchVolumes(uid)
      }
    }
  }

  private func watchMemory(_ uid: String) {
    guard let pod = pods[uid] else { return }
    for (index, container) in pod.containers.enumerated() {
      guard let limit = pod.machine.plan.containers[index].memoryLimit, let child = container.child,
        child.endingSoFar == nil, ProcessMemory.bytes(of: child.identity.pid) > limit
      else { continue }
      pods[uid]?.containers[index].outOfMemory = true
      child.send(SIGKILL)
    }
  }

  // What that does to the servers shows in their probes and exits; this says why.
  private func watchVolumes(_ uid: String) {
    guard let pod = pods[uid] else { return }
    let full = Set(pod.volumes.filter { Self.isFull($0.value) }.keys)
    guard full != pod.fullVolumes else { return }
    pods[uid]?.fullVolumes = full
    for name in full.subtracting(pod.fullVolumes).sorted() {
      let report = PodMachine.Report(
        type: "Warning", reason: "VolumeConditionAbnormal", message: "Volume \(name): no space left on device")
      write(report, about: pod.machine.plan)
    }
  }

  // Servers fail some time before the last byte, and give some back when they do.
  private static func isFull(_ folder: String) -> Bool {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return false }
    let (left, all) = (status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize)
    return all > 0 && left < min(all / 20, 16 << 20)
  }
}
