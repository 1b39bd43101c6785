/// An IKE message of either version, decoded in full from a frame's record.
package enum IKEContent: Equatable, Sendable {
  case v1(IKEv1Message)
  case v2(IKEMessage)

  /// Nil for a record that is no IKE message, and for major versions other than 1 and 2.
  ///
  /// `bytes` are those that the record's range counts in: see ``Dissector/withBytes(of:in:_:)``.
  package init?(_ bytes: RawSpan, _ record: IPsecRecord) {
    guard case .ike(let header) = record.kind else { return nil }
    var reader = ByteReader(bytes, in: record.range, layer: .ike)
    do {
      switch header.majorVersion {
      case 1: self = .v1(try IKEv1Message(from: &reader))
      case 2: self = .v2(try IKEMessage(from: &reader))
      default: return nil
      }
    } catch {
      // The record's header was read from these very bytes.
      return nil
    }
  }

  /// The first thing wrong with the message: a payload's body, or where its chain ended.
  package var stop: DissectionError? {
    switch self {
    case .v1(let message): message.firstStop
    case .v2(let message): message.firstStop
    }
  }

  package var fields: [Field] {
    switch self {
    case .v1(let message): message.fields
    case .v2(let message): message.fields
    }
  }

  /// The payloads in order, as on a line of `decode`.
  package func writeSummary(to text: inout TextBuffer) {
    switch self {
    case .v1(let message): message.writeSummary(to: &text)
    case .v2(let message): message.writeSummary(to: &text)
    }
  }
}
