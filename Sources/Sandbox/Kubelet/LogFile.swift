import FoundationEssentials
import Glibc

/// The end of a log file, for messages.
enum LogFile {
  /// Its last lines in one, at most 600 characters; a dash if there are none.
  static func lastLines(of path: String, count: Int = 5) -> String {
    guard let data = try? Data(contentsOf: URL(filePath: path)) else { return "-" }
    return lastLines(in: data, count: count)
  }

  /// The same of text already read.
  static func lastLines(in data: some DataProtocol, count: Int = 5) -> String {
    let text = String(decoding: data.suffix(4_096), as: UTF8.self)
    let lines = text.split(separator: "\n").suffix(count).map { $0.trimmingPrefix(while: \.isWhitespace) }
    return lines.isEmpty ? "-" : String(lines.joined(separator: " | ").suffix(600))
  }

  /// Text already read, without blanks around it, and at most 10 kB of it, as the kubelet keeps of a probe's output.
  static func trimmed(_ data: Data) -> String {
    let text = String(decoding: data.prefix(10_240), as: UTF8.self)[...]
    let start = text.drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
  }
}
