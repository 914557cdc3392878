/// What has been said of objects in Events, so that each thing is said once.
///
/// It is said again when the object changes, or when it was otherwise in between.
struct Notices: Sendable {
  private var told: Set<String> = []

  /// Those of all that there is to say now which have not been said.
  mutating func news(_ all: [EventRecord]) -> [EventRecord] {
    var now: Set<String> = []
    var news: [EventRecord] = []
    for notice in all {
      let words = "\(notice.object.uid) \(notice.object["metadata", "generation"].int ?? 0) \(notice.message)"
      if now.insert(words).inserted, !told.contains(words) { news.append(notice) }
    }
    told = now
    return news
  }
}
