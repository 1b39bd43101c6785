package import IPsecCrypto
internal import PacketDissector

/// What IKE_INTERMEDIATE exchanges add to the octets that AUTH is computed over (RFC 9242, section
/// 3.3): IntAuth_i and IntAuth_r, each a PRF over the one before and over the message.
package struct IntermediateAuthentication: Sendable {
  /// IntAuth_i and IntAuth_r behind the last exchange; nil before the first.
  private var sides: (initiator: Secret, responder: Secret)?

  package init() {}

  /// Takes in an exchange that has ended: both messages' A | P, as ``MessageProtection`` gives them, under
  /// the keys that protected them, before the exchange changed these. The PRF is the IKE SA's.
  package mutating func add(
    request: [UInt8], response: [UInt8], keys: IKEKeys, prf: PRF
  ) throws(CryptoError) {
    let none = Secret(copying: [])
    sides = (
      try prf.compute(key: keys.pi, .secret(sides?.initiator ?? none), .bytes(request)),
      try prf.compute(key: keys.pr, .secret(sides?.responder ?? none), .bytes(response))
    )
  }

  /// IntAuth_i | IntAuth_r | the first IKE_AUTH request's message ID, to be appended to both sides'
  /// signed octets; empty if there was no exchange.
  package func octets(firstAuthMessageID: UInt32) -> [UInt8] {
    guard let sides else { return [] }
    var writer = ByteWriter()
    for side in [sides.initiator, sides.responder] {
      // Lent bytes are copied before the closure ends. They are no secret: they prove knowledge of one.
      writer.append(unsafe side.withBytes { unsafe Array($0) })
    }
    writer.u32(firstAuthMessageID)
    return writer.bytes
  }
}
