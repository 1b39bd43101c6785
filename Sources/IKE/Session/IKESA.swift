package import IPsecCrypto
internal import PacketDissector

/// One IKE SA: its SPIs and keys, the request under way on it, and the answer it may have to repeat.
///
/// Windows have one message each way (RFC 7296, section 2.3). A class, as a copy would seal two messages
/// with one IV.
package final class IKESA {
  package let initiatorSPI: UInt64
  package let responderSPI: UInt64
  /// Whether this end is the SA's original initiator, whose messages carry the I flag.
  package let isInitiator: Bool
  package let suite: IKESuite
  /// Of the exchange that made the SA: IKE_SA_INIT, or CREATE_CHILD_SA.
  package let initiatorNonce: [UInt8]
  package let responderNonce: [UInt8]
  package private(set) var keys: IKEKeys
  private(set) var protection: MessageProtection

  /// The message ID of this side's next request, and of the peer's.
  /// 64 bits, so that neither wraps: behind 2^32 exchanges the SA takes no more messages.
  var nextRequest: UInt64
  var expectedRequest: UInt64
  var underWay: RequestUnderWay?
  /// What waits until ``underWay`` has its answer, in its order.
  var waiting: [Exchange] = []
  var answered: AnsweredRequest?
  /// The peer's rekeying of what this side's request under way rekeys.
  var collision: RekeyCollision?
  /// What the peer made in this SA's stead, having lost a collision.
  var redundantSuccessor: IKESA?
  /// SPIs of the peer's that it deleted while this side may not have heard yet that there are such Child
  /// SAs: the answer that says so is still under way.
  var stillborn: Set<UInt32> = []
  /// What the peer's CREATE_CHILD_SA has agreed on, while its IKE_FOLLOWUP_KE is to come; of several only
  /// the last, as the peer's window has one message.
  var followup: CreateChildAgreement?
  /// The first fragment of the peer's request that is being put together, or was last.
  var firstFragment: [UInt8] = []
  /// Whether either side has deleted the SA: it then only repeats its last answer.
  var isDeleted = false

  /// What a repeated request is answered with.
  struct AnsweredRequest {
    let messageID: UInt32
    /// The request as it came: of its fragments, the first.
    var firstDatagram: [UInt8]
    /// The keys of the exchange, which may have changed since.
    let protection: MessageProtection
    let header: IKEHeader
    let payloads: [IKEPayload]
    var datagrams: [[UInt8]]
  }

  /// `isFirst` is one that IKE_SA_INIT made, which had message ID 0; one that takes over starts anew (RFC
  /// 7296, section 2.18).
  package init(
    initiatorSPI: UInt64, responderSPI: UInt64, isInitiator: Bool, suite: IKESuite, keys: IKEKeys,
    initiatorNonce: [UInt8], responderNonce: [UInt8], isFirst: Bool
  ) throws(CryptoError) {
    self.initiatorSPI = initiatorSPI
    self.responderSPI = responderSPI
    self.isInitiator = isInitiator
    self.suite = suite
    self.keys = keys
    self.initiatorNonce = initiatorNonce
    self.responderNonce = responderNonce
    protection = try MessageProtection(suite: suite, keys: keys, isInitiator: isInitiator)
    nextRequest = isFirst && isInitiator ? 1 : 0
    expectedRequest = isFirst && !isInitiator ? 1 : 0
  }

  /// The SPI that this end chose.
  package var localSPI: UInt64 { isInitiator ? initiatorSPI : responderSPI }

  /// Protects all that follows with other keys, as IKE_INTERMEDIATE changes them.
  func replaceKeys(_ keys: IKEKeys) throws(CryptoError) {
    protection = try MessageProtection(suite: suite, keys: keys, isInitiator: isInitiator)
    self.keys = keys
  }

  /// Puts a PPK into SK_d, SK_pi and SK_pr, which protect no message (RFC 8784, section 3).
  func mixIn(ppk: Secret) throws(CryptoError) {
    keys = try keys.mixing(ppk: ppk, prf: suite.prf)
  }

  func header(_ type: ExchangeType, messageID: UInt32, isResponse: Bool) -> IKEHeader {
    IKEHeader(
      initiatorSPI: initiatorSPI, responderSPI: responderSPI, nextPayload: 0,
      exchangeType: type.rawValue, flags: (isInitiator ? 0x08 : 0) | (isResponse ? 0x20 : 0),
      messageID: messageID, length: 0)
  }

  /// Whether a message's header names this SA, and its flag the other end of it.
  func owns(_ header: IKEHeader) -> Bool {
    header.initiatorSPI == initiatorSPI && header.responderSPI == responderSPI
      && header.isFromInitiator != isInitiator
  }
}
