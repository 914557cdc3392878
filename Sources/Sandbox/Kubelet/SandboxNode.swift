import FoundationEssentials
import Glibc

/// The only node of a sandbox: this machine, as the API shows it and the scheduler counts with it.
struct SandboxNode: Sendable, Equatable {
  /// Thousandths of a processor.
  var cpu: Int
  /// Bytes.
  var memory: Int
  /// How many pods it takes.
  var pods = 110

  /// What this machine has.
  static var machine: SandboxNode {
    SandboxNode(
      cpu: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) * 1_000,
      memory: sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)))
  }

  /// What a pod may select it by.
  var labels: [String: String] {
    [
      "kubernetes.io/hostname": PodStatus.node, "kubernetes.io/os": "linux",
      "kubernetes.io/arch": Self.architecture == "aarch64" ? "arm64" : "amd64",
    ]
  }

  /// Its object.
  func json(address: String, now: Date) -> JSON {
    let amounts: JSON = [
      "cpu": .string("\(cpu / 1_000)"), "memory": .string("\(memory / 1_024)Ki"), "pods": .string("\(pods)"),
    ]
    let moment = JSON.string(Timestamp.text(now))
    return [
      "metadata": ["name": .string(PodStatus.node), "labels": JSON(labels)],
      "spec": [:],
      "status": [
        "capacity": amounts, "allocatable": amounts,
        "addresses": [
          ["type": "InternalIP", "address": .string(address)],
          ["type": "Hostname", "address": .string(PodStatus.node)],
        ],
        "conditions": [
          [
            "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
            "lastHeartbeatTime": moment, "lastTransitionTime": moment,
          ]
        ],
        "nodeInfo": [
          "architecture": JSON(labels)["kubernetes.io/arch"], "operatingSystem": "linux",
          "osImage": "votebench sandbox",
          "kubeletVersion": "v1.36.2", "containerRuntimeVersion": "sandbox://1", "kernelVersion": .string(Self.kernel),
        ],
      ],
    ]
  }

  private static var architecture: String { systemName { $0.machine } }
  private static var kernel: String { systemName { $0.release } }

  private static func systemName<Characters>(_ part: (utsname) -> Characters) -> String {
    var name = utsname()
    uname(&name)
    return withUnsafeBytes(of: part(name)) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
