/// What a test could not set up or did not see in time: a sentence, since only people read it.
package struct StageError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
