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
    /// The key's length, also where the key itself was not asked for. What a salt takes of it counts.
    package var keyBits: UInt32

    package init(name: String, key: Secret, icvBits: Int? = nil) {
      self.name = name
      self.key = key
      self.icvBits = icvBits
      keyBits = UInt32(truncatingIfNeeded: key.count &* 8)
    }
  }

  package struct Encapsulation: Equatable, Sendable {
    /// The value of the socket option UDP_ENCAP, and 7 for ESP in TCP (RFC 9329).
    package var type: UInt16
    package var sourcePort: UInt16
    package var destinationPort: UInt16

    package static let espInTCP: UInt16 = 7

    package init(type: UInt16, sourcePort: UInt16, destinationPort: UInt16) {
      self.type = type
      self.sourcePort = sourcePort
      self.destinationPort = destinationPort
    }
  }

  /// Where the sequence numbers stand: 64 bits of them with ESN (RFC 4304).
  package struct Replay: Equatable, Sendable {
    /// The last number sent.
    package var outgoing: UInt64
    /// The highest number received.
    package var incoming: UInt64
    /// How many numbers up to the highest are told apart; 0 is no protection.
    package var window: UInt32
    /// Whether the window is a bitmap of its own (XFRMA_REPLAY_ESN_VAL, up to 4,096, with ESN or without),
    /// and not the 32 bits of the older attribute.
    package var hasBitmap = false
    /// How many numbers of the window have come; nil where it was not told.
    package var received: UInt32?

    package init(outgoing: UInt64 = 0, incoming: UInt64 = 0, window: UInt32 = 0) {
      self.outgoing = outgoing
      self.incoming = incoming
      self.window = window
    }
  }

  /// `struct xfrm_lifetime_cfg`: nil is without limit.
  package struct Limits: Hashable, Sendable {
    /// Kept as the kernel has them, where the largest number is none (XFRM_INF): SAs are many.
    package struct Pair: Hashable, Sendable {
      private var softNumber: UInt64
      private var hardNumber: UInt64

      package init(soft: UInt64? = nil, hard: UInt64? = nil) {
        softNumber = soft ?? .max
        hardNumber = hard ?? .max
      }

      /// From here on the daemon is asked for a new SA.
      package var soft: UInt64? {
        get { softNumber == .max ? nil : softNumber }
        set { softNumber = newValue ?? .max }
      }

      /// Here the SA ends.
      package var hard: UInt64? {
        get { hardNumber == .max ? nil : hardNumber }
        set { hardNumber = newValue ?? .max }
      }
    }

    package var bytes = Pair()
    package var packets = Pair()
    /// Seconds since the SA was made.
    package var age = Pair()
    /// Seconds since it was first used.
    package var use = Pair()

    package init() {}
  }

  /// `xfrm_usersa_info.flags` (XFRM_STATE_…).
  package struct Flags: OptionSet, Equatable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let noECN = Flags(rawValue: 1)
    package static let decapDSCP = Flags(rawValue: 2)
    package static let noPMTUDiscovery = Flags(rawValue: 4)
    package static let wildReceive = Flags(rawValue: 8)
    package static let icmp = Flags(rawValue: 16)
    package static let anyFamily = Flags(rawValue: 32)
    package static let align4 = Flags(rawValue: 64)
    package static let esn = Flags(rawValue: 128)
  }

  /// XFRMA_SA_EXTRA_FLAGS (XFRM_SA_XFLAG_…).
  package struct ExtraFlags: OptionSet, Equatable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let dontEncapsulateDSCP = ExtraFlags(rawValue: 1)
    /// The sequence number may begin anew at zero when all are used.
    package static let outgoingMayWrap = ExtraFlags(rawValue: 2)
  }

  /// `struct xfrm_user_offload`: a network card has the SA.
  package struct Offload: Equatable, Sendable {
    package var interface: UInt32
    /// The card does all of IPsec, and not only its cryptography.
    package var isWholePacket: Bool

    package init(interface: UInt32, isWholePacket: Bool) {
      self.interface = interface
      self.isWholePacket = isWholePacket
    }
  }

  package struct Mark: Hashable, Sendable {
    package var value: UInt32
    package var mask: UInt32

    package init(value: UInt32, mask: UInt32) {
      self.value = value
      self.mask = mask
    }
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

    package init(
      bytes: UInt64 = 0, packets: UInt64 = 0, beforeWindow: UInt32 = 0, replayed: UInt32 = 0,
      integrityFailed: UInt32 = 0
    ) {
      self.bytes = bytes
      self.packets = packets
      self.beforeWindow = beforeWindow
      self.replayed = replayed
      self.integrityFailed = integrityFailed
    }
  }

  package var source: IPAddress
  package var destination: IPAddress
  package var spi: UInt32
  /// An IP protocol: 50 is ESP, 51 AH, 108 IPComp.
  package var ipProtocol: UInt8
  /// XFRM_MODE_…: 0 is transport, 1 tunnel, 4 BEET, 5 IP-TFS.
  package var mode: UInt8 = 1
  package var reqID: UInt32 = 0
  /// Which inner packets it is for; nil where it takes any.
  package var selector: TrafficMatch?
  package var usesESN = false
  package var flags: Flags = []
  package var extraFlags: ExtraFlags = []
  package var counters = Counters()
  package var limits = Limits()
  /// When it was made, first used, and last used; nil where that was never, or is not told.
  package var added: Timestamp?
  package var firstUsed: Timestamp?
  package var lastUsed: Timestamp?
  package var replay = Replay()
  package var cipher: Algorithm?
  package var aead: Algorithm?
  package var integrity: Algorithm?
  package var compression: String?
  package var encapsulation: Encapsulation?
  package var interfaceID: UInt32?
  package var mark: Mark?
  /// The mark that its packets get when they leave it (XFRMA_SET_MARK).
  package var outputMark: Mark?
  package var offload: Offload?
  /// The CPU that it is for, one of several with equal selectors (RFC 9611).
  package var cpu: UInt32?
  /// Packets are padded to this many bytes (XFRMA_TFCPAD).
  package var trafficPadding: UInt32?
  /// Nil where the kernel (before 6.10) or whoever made the SA does not say.
  package var direction: Direction?

  package init(source: IPAddress, destination: IPAddress, spi: UInt32, ipProtocol: UInt8 = 50) {
    self.source = source
    self.destination = destination
    self.spi = spi
    self.ipProtocol = ipProtocol
  }
}
