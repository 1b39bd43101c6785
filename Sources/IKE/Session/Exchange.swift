internal import IPsecCrypto
internal import PacketDissector

/// A request of this side's, and what its answer is for.
///
/// `IKESession.start` queues one; when its turn has come, `requestPayloads` says what it sends, and
/// `finish` takes the answer.
enum Exchange {
  /// IKE_INTERMEDIATE with one additional key exchange (RFC 9370).
  case intermediate
  case authentication
  /// An empty INFORMATIONAL, asked for at this moment.
  case liveness
  /// The Child SAs with these inbound SPIs of ours.
  case deleteChildren([UInt32])
  /// A Child SA that this side could not make and the peer may have, by the SPI that it was offered.
  case discardChild(ProtocolID, UInt32)
  case deleteIKE
  /// Tells the peer why this side ends the IKE SA.
  case farewell(NotifyType)
  case createChild(CreateChildExchange)

  var type: ExchangeType {
    switch self {
    case .intermediate: .ikeIntermediate
    case .authentication: .ikeAuth
    case .liveness, .deleteChildren, .discardChild, .deleteIKE, .farewell: .informational
    case .createChild(let exchange): exchange.type
    }
  }
}

/// What a request is answered with, and what follows once the answer is on its way.
struct Answer {
  var payloads: [IKEPayload]
  var consequence = Consequence.none

  enum Consequence {
    case none
    /// IKE_INTERMEDIATE: AUTH takes in both messages, and a secret changes the keys.
    case intermediate(request: [UInt8], Secret?)
    /// The IKE SA is gone.
    case end(SessionEvent)
  }

  init(_ payloads: [IKEPayload] = [], then consequence: Consequence = .none) {
    self.payloads = payloads
    self.consequence = consequence
  }

  /// An error notification that ends the IKE SA (RFC 7296, section 2.21.2).
  static func refusal(_ type: NotifyType, _ failure: SessionFailure) -> Answer {
    Answer([.notify(type)], then: .end(.failed(failure)))
  }
}
