import Bench
import Testing

@testable import Kubernetes

/// Streams that break, resume, expire: what was seen, and when it can have happened.
@Suite("Where a watch stands")
struct WatchCursorTests {
  typealias Cursor = WatchCursor<Pod>

  private static func at(_ second: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(second * 1e9)) }

  private static func within(_ start: Double, _ end: Double) -> Moment { Moment(after: at(start), until: at(end)) }

  private static func gap(_ start: Double, _ end: Double) -> Cursor.Seen {
    .gap(RolloutRecord.Gap(start: at(start), end: at(end)))
  }

  private static func pod(_ name: String, _ version: Int, spelled: String? = nil) -> Pod {
    Pod(
      metadata: ObjectMetadata(name: name, uid: "u-" + name, resourceVersion: spelled ?? "\(version)"),
      spec: Pod.Spec(containers: []))
  }

  private static func line(_ type: String, _ name: String, _ version: Int, spelled: String? = nil) -> String {
    """
    {"type":"\(type)","object":{"metadata":{"name":"\(name)","uid":"u-\(name)",\
    "resourceVersion":"\(spelled ?? "\(version)")"},"spec":{"containers":[]}}}
    """
  }

  private static let expired = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"#

  private static func list(_ version: String, _ pods: Pod...) -> ObjectList<Pod> {
    ObjectList(metadata: .init(resourceVersion: version), items: pods)
  }

  @Test("a watch goes on from the list, and what it tells is exact")
  func exact() {
    var cursor = Cursor(Self.list("5", Self.pod("a", 3)))
    #expect(cursor.question == .watch(from: "5"))
    #expect(
      cursor.line(Self.line("ADDED", "b", 6), at: Self.at(1)) == [.present(Self.pod("b", 6), Moment(Self.at(1)))])
    #expect(
      cursor.line(Self.line("DELETED", "a", 7), at: Self.at(2)) == [.gone(Self.pod("a", 7), Moment(Self.at(2)))])
    #expect(cursor.question == .watch(from: "7"))
  }

  @Test("a bookmark moves the place of the watch, and tells nothing")
  func bookmark() {
    var cursor = Cursor(Self.list("5"))
    #expect(
      cursor.line(#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}"#, at: Self.at(1)).isEmpty)
    #expect(cursor.question == .watch(from: "9"))
  }

  @Test("a watch that ends at its time-out is begun again where it stopped, without a gap")
  func inOrder() {
    var cursor = Cursor(Self.list("5"))
    _ = cursor.line(Self.line("ADDED", "a", 6), at: Self.at(1))
    cursor.ended(inOrder: true, began: Self.at(0), at: Self.at(60))
    #expect(cursor.question == .watch(from: "6"))
    #expect(
      cursor.line(Self.line("MODIFIED", "a", 8), at: Self.at(61)) == [.present(Self.pod("a", 8), Moment(Self.at(61)))])
  }

  @Test("after a break, what happened up to the present lies in the gap, and what follows is exact")
  func resumed() {
    var cursor = Cursor(Self.list("5", Self.pod("a", 3)))
    cursor.ended(inOrder: false, began: Self.at(0), at: Self.at(10))
    #expect(cursor.question == .list)
    #expect(cursor.listed(Self.list("9", Self.pod("c", 9)), at: Self.at(15)) == [Self.gap(10, 15)])
    #expect(cursor.question == .watch(from: "5"), "where it broke, not where the list is")
    let replayed = [
      cursor.line(Self.line("ADDED", "b", 6), at: Self.at(15.1)),
      cursor.line(Self.line("DELETED", "b", 7), at: Self.at(15.1)),
      cursor.line(Self.line("ADDED", "c", 9), at: Self.at(15.1)),
    ]
    #expect(
      replayed == [
        [.present(Self.pod("b", 6), Self.within(10, 15))], [.gone(Self.pod("b", 7), Self.within(10, 15))],
        [.present(Self.pod("c", 9), Self.within(10, 15))],
      ], "a pod that came and went in the gap is seen, too")
    #expect(
      cursor.line(Self.line("MODIFIED", "c", 10), at: Self.at(16))
        == [.present(Self.pod("c", 10), Moment(Self.at(16)))])
  }

  @Test(
    "where the place of the watch is forgotten, the difference to the list stands for the gap",
    arguments: [true, false])
  func forgotten(inTheStream: Bool) {
    var cursor = Cursor(Self.list("5", Self.pod("a", 3), Self.pod("b", 4)))
    cursor.ended(inOrder: false, began: Self.at(0), at: Self.at(10))
    _ = cursor.listed(Self.list("9", Self.pod("b", 4), Self.pod("c", 9)), at: Self.at(15))
    let seen = inTheStream ? cursor.line(Self.expired, at: Self.at(15.2)) : cursor.expired(at: Self.at(15.2))
    #expect(
      seen == [.gone(Self.pod("a", 3), Self.within(10, 15)), .present(Self.pod("c", 9), Self.within(10, 15))])
    #expect(cursor.question == .watch(from: "9"))
    #expect(
      cursor.line(Self.line("MODIFIED", "c", 10), at: Self.at(16))
        == [.present(Self.pod("c", 10), Moment(Self.at(16)))])
  }

  @Test("a place that is forgotten without a break asks for a list, and that stands for the gap")
  func forgottenAtOnce() {
    var cursor = Cursor(Self.list("5", Self.pod("a", 3)))
    #expect(cursor.line(Self.expired, at: Self.at(10)).isEmpty)
    #expect(cursor.question == .list)
    #expect(
      cursor.listed(Self.list("9"), at: Self.at(11)) == [
        Self.gap(10, 11), .gone(Self.pod("a", 3), Self.within(10, 11)),
      ])
  }

  @Test("versions that are no numbers cannot be compared: the list stands for the gap")
  func opaque() {
    var cursor = Cursor(Self.list("x1", Self.pod("a", 0, spelled: "x0")))
    cursor.ended(inOrder: false, began: Self.at(0), at: Self.at(10))
    let seen = cursor.listed(Self.list("x5", Self.pod("a", 0, spelled: "x4")), at: Self.at(12))
    #expect(seen == [Self.gap(10, 12), .present(Self.pod("a", 0, spelled: "x4"), Self.within(10, 12))])
    #expect(cursor.question == .watch(from: "x5"))
  }

  @Test("tries that break at once belong to the same gap, also after an end in order")
  func manyTries() {
    var cursor = Cursor(Self.list("5"))
    cursor.ended(inOrder: true, began: Self.at(0), at: Self.at(10))
    for try_ in [10.1, 10.3, 10.7] {
      cursor.ended(inOrder: false, began: Self.at(try_), at: Self.at(try_ + 0.1))
      #expect(cursor.question == .list)
    }
    #expect(cursor.listed(Self.list("9"), at: Self.at(15)) == [Self.gap(10, 15)])
    cursor.ended(inOrder: false, began: Self.at(15.1), at: Self.at(15.2))
    #expect(cursor.listed(Self.list("9"), at: Self.at(17)) == [Self.gap(10, 17)], "nothing was seen in between")
  }

  @Test("a line that is none tells nothing", arguments: ["", "{", #"{"type":"ADDED"}"#, "Error from server"])
  func unreadable(text: String) {
    var cursor = Cursor(Self.list("5"))
    #expect(cursor.line(text, at: Self.at(1)).isEmpty)
    #expect(cursor.question == .watch(from: "5"))
  }

  @Test(
    "a selector is asked for as Kubernetes selects",
    arguments: [
      (
        LabelSelector(matchLabels: ["app": "a", "app.kubernetes.io/part-of": "b"]), "app=a,app.kubernetes.io/part-of=b"
      ),
      (
        LabelSelector(matchExpressions: [
          .init(key: "app", operator: "In", values: ["a", "b"]), .init(key: "tier", operator: "NotIn", values: ["x"]),
          .init(key: "old", operator: "DoesNotExist"), .init(key: "new", operator: "Exists"),
        ]), "app in (a,b),tier notin (x),!old,new"
      ),
    ])
  func selector(selector: LabelSelector, text: String) {
    #expect(selector.query.replacing("labelSelector=", with: "") == text.encodedForQuery)
    #expect(!selector.query.contains(" ") && !selector.query.contains("/"))
  }
}
