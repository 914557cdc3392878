import Bench
import FoundationEssentials
import Glibc

/// This machine, for reports.
enum Machine {
  /// What is known of it; nothing of a cluster.
  static var environment: RunEnvironment {
    RunEnvironment(system: system, processor: processor, processors: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  private static var system: String? {
    var names = utsname()
    guard uname(&names) == 0 else { return nil }
    return [text(names.sysname), text(names.release), text(names.machine)].joined(separator: " ")
  }

  /// A field of C's, up to its end.
  private static func text(_ field: some Any) -> String {
    withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// Of the first processor; nil where the kernel does not say, as on ARM.
  private static var processor: String? {
    guard let data = try? Data(contentsOf: URL(filePath: "/proc/cpuinfo")) else { return nil }
    let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("model name") }
    guard let value = line?.split(separator: ":", maxSplits: 1).dropFirst().first else { return nil }
    return String(value.drop { $0 == " " })
  }
}
