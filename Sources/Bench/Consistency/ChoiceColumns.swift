/// The choices as up to eight columns, whose sums over every set of columns are judged.
///
/// One column a choice, up to eight choices. Beyond, several such views are judged, each with seven choices by
/// themselves and the rest as one: every single choice and all together are judged, which is less than every set, and
/// as sound. A set of columns is a number whose bits are its columns.
struct ChoiceColumns {
  /// The choices of each column.
  let members: [[Int]]
  /// The column of each choice.
  private let columns: [UInt8]
  private let labels: [String]

  private init(_ members: [[Int]], choices: [String]) {
    self.members = members
    labels = choices
    var columns = [UInt8](repeating: 0, count: choices.count)
    for (column, choices) in members.enumerated() { for choice in choices { columns[choice] = UInt8(column) } }
    self.columns = columns
  }

  /// Views in which every choice stands alone in one of them.
  static func views(of choices: [String]) -> [ChoiceColumns] {
    let all = Array(choices.indices)
    guard all.count > 8 else { return [ChoiceColumns(all.map { [$0] }, choices: choices)] }
    return stride(from: 0, to: all.count, by: 7).map { first in
      let alone = first..<min(first + 7, all.count)
      return ChoiceColumns(alone.map { [$0] } + [all.filter { !alone.contains($0) }], choices: choices)
    }
  }

  /// How many columns there are.
  var count: Int { members.count }
  /// The set of all columns.
  var all: Int { (1 << count) - 1 }

  /// The set of the one column that has `choice`.
  func mask(of choice: Int) -> Int {
    1 << Int(columns[choice])
  }

  /// The choices of a set of columns, for people.
  func name(of set: Int) -> String {
    members.indices.filter { set & (1 << $0) != 0 }.flatMap { members[$0] }.map { labels[$0] }.joined(separator: "+")
  }

  /// The sums over every set, of one value a column.
  func sums(_ value: (Int) -> Int) -> [Int] {
    var sums = [Int](repeating: 0, count: all + 1)
    for set in 1...all { sums[set] = sums[set & (set - 1)] + value(set.trailingZeroBitCount) }
    return sums
  }

  /// For each set, the sum of what `counts` has for it and for every set inside of it.
  static func within(_ counts: [Int]) -> [Int] {
    var sums = counts
    var bit = 1
    while bit < sums.count {
      for set in sums.indices where set & bit != 0 { sums[set] += sums[set ^ bit] }
      bit <<= 1
    }
    return sums
  }
}
