internal import PacketDissector

/// What an operator should know of a notify type that he meets. Those that he does not meet have their
/// line of the registry only.
package struct NotifyKnowledge: Sendable {
  package let number: UInt16
  package let meaning: String
  /// Who sends it, and in which exchange.
  package let sentBy: String
  /// The likeliest first.
  package let causes: [String]
  package let look: [String]

  init(
    _ number: UInt16, _ meaning: String, by sentBy: String, causes: [String] = [],
    look: [String] = []
  ) {
    self.number = number
    self.meaning = meaning
    self.sentBy = sentBy
    self.causes = causes
    self.look = look
  }

  /// Every line of both registries.
  static let topics: [Topic] =
    RegistryLine.ikev2Notifies.map { topic(of: $0, .ikev2Notify, ikev2) }
    + RegistryLine.ikev1Notifies.map { topic(of: $0, .ikev1Notify, ikev1) }

  private static func topic(
    of line: RegistryLine, _ kind: Topic.Kind, _ table: [NotifyKnowledge]
  ) -> Topic {
    let known = table.first { $0.number == line.value }
    var facts: [Topic.Part.Fact] = [
      .init("number", "\(line.value)"),
      .init("class", line.value < 16384 ? "error" : "status"),
      .init("defined in", reference(line.reference)),
    ]
    if line.note.hasPrefix("data: ") {
      facts.append(.init("data", String(line.note.dropFirst(6))))
    } else if !["", "error", "status"].contains(line.note) {
      facts.append(.init("note", line.note))
    }
    return Topic(
      kind, line.name, number: line.value,
      [
        .init(.registry, .facts(facts)), .init(.meaning, .text(known?.meaning ?? "")),
        .init(.sentBy, .text(known?.sentBy ?? "")), .init(.causes, .list(known?.causes ?? [])),
        .init(.look, .list(known?.look ?? [])),
      ])
  }

  /// "RFC7296;RFC9827" as "RFC 7296, RFC 9827".
  static func reference(_ text: String) -> String {
    text.split(separator: ";").map { document in
      document.hasPrefix("RFC") && document.dropFirst(3).allSatisfy(\.isNumber)
        ? "RFC \(document.dropFirst(3))" : String(document)
    }.joined(separator: ", ")
  }
}
