package import IPsecCrypto
package import PacketDissector

/// A security association of the kernel, called a state there: one direction of ESP, AH or IPComp.
package struct KernelSA: Sendable {
  package struct Algorithm: Sendable {
    /// The kernel's name, such as "cbc(aes)".
    package var name: String
    package var key: Secret
    /// Nil if the kernel does not say.
    package var icvBits: Int?
  }

  package struct Encapsulation: Equatable, Sendable {
    /// The value of the socket option UDP_ENCAP, and 7 for ESP in TCP (RFC 9329).
    package var type: UInt16
    package var sourcePort: UInt16
    package var destinationPort: UInt16

    package static let espInTCP: UInt16 = 7
  }

  /// Where the sequence numbers stand: 64 bits of them with ESN (RFC 4304).
  package struct Replay: Equatable, Sendable {
    /// The last number sent.
    package var outgoing: UInt64
    /// The highest number received.
    package var incoming: UInt64
    package var window: UInt32
  }

  package struct Mark: Equatable, Sendable {
    package var value: UInt32
    package var mask: UInt32
  }

  package enum Direction: UInt8, Sendable {
    case incoming = 1
    case outgoing = 2
  }

  /// What the SA carried, and what it refused.
  package struct Counters: Equatable, Sendable {
    package var bytes: UInt64
    package var packets: UInt64
    /// Packets older than the replay window.
    package var beforeWindow: UInt32
    /// Packets that had come before.
    package var replayed: UInt32
    package var integrityFailed: UInt32
  }

  package var source: IPAddress
  package var destination: IPAddress
  package var spi: UInt32
  /// An IP protocol: 50 is ESP, 51 AH, 108 IPComp.
  package var ipProtocol: UInt8
  /// XFRM_MODE_…: 0 is transport, 1 tunnel, 4 BEET, 5 IP-TFS.
  package var mode: UInt8
  package var reqID: UInt32
  package var usesESN: Bool
  package var counters: Counters
  package var replay: Replay
  package var cipher: Algorithm?
  package var aead: Algorithm?
  package var integrity: Algorithm?
  package var encapsulation: Encapsulation?
  package var interfaceID: UInt32?
  package var mark: Mark?
  /// Nil where the kernel (before 6.10) or whoever made the SA does not say.
  package var direction: Direction?
}
