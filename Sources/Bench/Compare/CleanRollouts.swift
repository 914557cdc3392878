/// Whether settings differ in how many of their rollouts completed without a failed vote.
///
/// Source: SLO statistics, section 6.2, item 4.
package struct CleanRollouts: Sendable, Hashable {
  /// Cochran's Q over all settings; nil for two.
  package let statistic: Double?
  /// Its probability if the settings were alike; nil for two.
  package let p: Double?
  /// McNemar's exact probability of each pair, adjusted by Holm's procedure, in the order of the comparison's pairs.
  package let adjusted: [Double]

  /// Of a comparison with a whole repetition; nil without one.
  init?(_ comparison: Comparison) {
    let rows = comparison.clean
    guard !rows.isEmpty else { return nil }
    let cochran = comparison.question.settings.count > 2 ? PairedTests.cochran(rows) : nil
    (statistic, p) = (cochran?.statistic, cochran?.p)
    adjusted = MultipleTests.holm(
      comparison.primary.pairs.map { pair in
        PairedTests.mcNemar(
          onlyFirst: rows.count { $0[pair.first] && !$0[pair.second] },
          onlySecond: rows.count { $0[pair.second] && !$0[pair.first] })
      })
  }
}
