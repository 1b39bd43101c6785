package import IPsecCrypto

/// Why a packet was not sealed, or not opened.
package enum ESPFailure: Error, Equatable, Sendable {
  /// All sequence numbers have been used: the SA must be replaced (RFC 4303, section 3.3.3).
  case sequenceExhausted
  /// No ESP packet is as long as it would become, or as short as it is; or the room for it is too small.
  case wrongLength(Int)
  case unknownSPI(UInt32)
  /// The sequence number came before.
  case repeated(UInt64)
  /// The sequence number lies before the replay window.
  case beforeWindow(UInt64)
  /// The ICV does not verify. With extended sequence numbers a packet older than the replay window ends
  /// here, too: its number is taken for one that is yet to come.
  case wrongICV
  /// What was decrypted does not end in a trailer that it has room for.
  case wrongTrailer
  /// The padding is not 1, 2, 3 ... (RFC 4303, section 2.4).
  case wrongPadding
  case cipherFailed(PacketCipherFailure)
}
