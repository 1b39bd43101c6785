/// Why a message was not opened. None of it is authenticated: nothing may change because of it.
package enum OpenFailure: Error, Equatable, Sendable {
  /// There is no SK or SKF payload.
  case notProtected
  /// The ICV fits neither these bytes nor these keys.
  case wrongICV
  /// Too short, not whole blocks, cut, longer than its header says, or with impossible padding.
  case malformed
  case badFragment(FragmentFault)
  /// The fragments together hold more than 256 KiB; those held are dropped.
  case tooLarge
}

/// Why a fragment was dropped (RFC 7383, section 2.6).
package enum FragmentFault: Equatable, Sendable {
  /// Zero, or above the total.
  case impossibleNumber(UInt16, of: UInt16)
  /// More fragments than are held.
  case tooMany(UInt16)
  /// Only the first fragment names a payload, and it must.
  case wrongNextPayload
  /// Of a message before the one that is being put together.
  case olderMessage
  /// Of an attempt with fewer, larger fragments than those that came since.
  case smallerTotal(UInt16, held: UInt16)
  case repeated(UInt16)
}

/// Why a message was not sealed.
package enum SealFailure: Error, Equatable, Sendable {
  /// It has no room in a datagram, or in as many fragments as a peer may be expected to take.
  case tooLarge(bytes: Int)
  /// No content has room in fragments of so many octets.
  case fragmentTooSmall(bytes: Int)
  case cipherFailed
}
