/// An end of an IKE SA: the initiator is whoever sent its first message.
package enum Side: Hashable, Sendable {
  case initiator
  case responder

  package var other: Side { self == .initiator ? .responder : .initiator }
}
