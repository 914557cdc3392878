import Glibc

/// HdrHistogram's axis of percentiles, from left to right: each nine is as wide as the others.
struct NinesAxis {
  /// The nines that it reaches: two at least.
  private let nines: Double
  /// Where the axis of values ends.
  private let bottom: Double

  /// An axis on which the longest of so many votes has a place.
  init(votes: Int, bottom: Double) {
    nines = max(2, log10(Double(max(1, votes))).rounded(.up))
    self.bottom = bottom
  }

  /// Where a percentile of so many votes stands: the longest of n is above all but one in n, and a curve ends there.
  func x(_ percentile: Double, of votes: Int) -> Double {
    let place = log10(percentile < 100 ? 100 / (100 - percentile) : Double(votes))
    return at(min(place, nines))
  }

  private func at(_ nine: Double) -> Double {
    TimeAxis.left + nine / nines * (TimeAxis.right - TimeAxis.left)
  }

  /// The lines and the names of the nines.
  var drawing: String {
    (0...Int(nines)).map { nine in
      let percentile = nine == 0 ? 0 : 100 - 100 / pow(10, Double(nine))
      let place = drawn(at(Double(nine)))
      let name = nine == 0 ? "0 %" : nine == 1 ? "90 %" : "\(decimal(percentile, max(0, nine - 2))) %"
      return "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" y1=\"8\" y2=\"\(drawn(bottom))\"/>"
        + "<text class=\"tick\" x=\"\(place)\" y=\"\(drawn(bottom + 18))\" "
        + "text-anchor=\"\(nine == 0 ? "start" : nine == Int(nines) ? "end" : "middle")\">\(name)</text>"
    }.joined()
  }
}
