import FoundationEssentials
import NIOCore

/// A vote as it lies in the Redis list: `{"id":"<message id>","voter_id":"...","vote":"a"}`.
struct QueuedVote: Sendable, Equatable {
  /// Tells this message from any other, so that one that is delivered twice is counted once.
  var id: String
  var voter: String
  var choice: String

  init(id: String, voter: String, choice: String) {
    self.id = id
    self.voter = voter
    self.choice = choice
  }

  /// Reads an item of the list; nil when it is not a vote that the tables can hold.
  init?(item: ByteBuffer) {
    guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(item.readableBytesView)) else { return nil }
    let textsFit = [wire.id, wire.voter_id, wire.vote].allSatisfy { text in
      // PostgreSQL's texts cannot hold a NUL, and its index no key of some kilobytes.
      (1...255).contains(text.utf8.count) && !text.utf8.contains(0)
    }
    guard textsFit else { return nil }
    self.init(id: wire.id, voter: wire.voter_id, choice: wire.vote)
  }

  var json: String {
    "{\"id\":\(Pages.quoted(id)),\"voter_id\":\(Pages.quoted(voter)),\"vote\":\(Pages.quoted(choice))}"
  }

  private struct Wire: Decodable {
    var id: String
    // The name on the wire.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    var voter_id: String
    var vote: String
  }
}
