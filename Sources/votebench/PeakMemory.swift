import FoundationEssentials

/// The most memory that this process has had resident.
enum PeakMemory {
  /// In megabytes (10^6 bytes), 0 when the kernel does not say.
  static var megabytes: Double {
    guard let data = try? Data(contentsOf: URL(filePath: "/proc/self/status")) else { return 0 }
    let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kibibytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Double($0) }
    return (kibibytes ?? 0) * 1024 / 1e6
  }
}
