package import PacketDissector

/// The anti-replay status notification (draft-pan-ipsecme-anti-replay-notification; experimental): what this
/// side tells whenever a Child SA is made, and by which notify types a peer is heard to tell it.
package struct ReplayStatusPolicy: Equatable, Sendable {
  /// What IKE_AUTH and CREATE_CHILD_SA carry beside an SA payload, in requests and in responses; nil tells
  /// nothing.
  package var announced: AntiReplayStatus?
  /// The draft has no number, so that both sides must be told the same one.
  package var type: NotifyType
  /// The type by the name of the draft's first version, which is only listened to.
  package var earlierType: NotifyType

  package init(
    announced: AntiReplayStatus? = nil, type: NotifyType = .replayProtectionStatus,
    earlierType: NotifyType = .antiReplayStatus
  ) {
    self.announced = announced
    self.type = type
    self.earlierType = earlierType
  }

  var payloads: [IKEPayload] {
    announced.map { [.notify(type, .data($0.data))] } ?? []
  }

  /// What a peer's message tells, whatever its protocol and SPI fields say; nil for nothing.
  func status(in message: [IKEPayload]) -> AntiReplayStatus? {
    (message.notify(type) ?? message.notify(earlierType)).map { AntiReplayStatus(data: $0.data) }
  }

  /// Whether one of the sides could not follow extended sequence numbers, so that a responder that may choose
  /// takes 32-bit ones: the transform holds for both directions.
  func avoidsESN(towards peer: AntiReplayStatus?) -> Bool {
    [announced, peer].contains { $0?.followsESN == false }
  }
}
