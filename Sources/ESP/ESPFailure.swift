package import IPsecCrypto

/// Why a packet was not sealed, or not opened.
package enum ESPFailure: Error, Equatable, Sendable {
  /// All sequence numbers have been used: the SA must be replaced (RFC 4303, section 3.3.3).
  case sequenceExhausted
  /// No ESP packet is as long as it would become, or as short as it is.
  case wrongLength(Int)
  case unknownSPI(UInt32)
  /// The sequence number came before.
  case repeated(UInt64)
  /// The sequence number lies before the replay window.
  case beforeWindow(UInt64)
  /// The ICV does not verify.
  case wrongICV
  /// What was decrypted does not end in a trailer that it has room for.
  case wrongTrailer
  case cipherFailed(PacketCipherFailure)
}
