package import IPsecCrypto
import PacketDissector

/// Candidate keys of an IKEv2 SA (RFC 7296, section 2.14). They change with each IKE_INTERMEDIATE
/// exchange (RFC 9370), so that one pair of SPIs may have several.
package struct IKEv2Key: Sendable {
  package var initiatorSPI: UInt64
  /// Nil if the source does not say.
  package var responderSPI: UInt64?
  package var cipher: KeyCipher
  /// SK_ei and SK_er; where the cipher takes a salt or a nonce, they end in it.
  package var initiatorCipherKey: Secret
  package var responderCipherKey: Secret
  /// NONE for an AEAD cipher.
  package var integrity: KeyIntegrity
  /// SK_ai and SK_ar; empty for an AEAD cipher.
  package var initiatorIntegrityKey: Secret
  package var responderIntegrityKey: Secret
  /// The length of the ICV where it differs from what the algorithms say.
  package var icvBytes: Int?
  package var origin: KeyOrigin
}

/// A candidate encryption key of an IKEv1 phase 1 (RFC 2409, appendix B).
package struct IKEv1Key: Sendable {
  package var initiatorCookie: UInt64
  package var cipherKey: Secret
  package var origin: KeyOrigin
}
