package import Host
package import PacketDissector

/// What a series of echoes asks, how often and how large.
package struct PingPlan: Sendable {
  package enum Probe: Equatable, Sendable {
    /// ESP echo through a Child SA, in a format that is encrypted.
    case encrypted(ESPEchoFormat, ReplyPath)
    /// ESP echo in clear, on SPI 7, in a format that is not encrypted.
    case unencrypted(ESPEchoFormat, isOneWay: Bool)
    /// ICMP echo through a Child SA.
    case inner(source: IPAddress, destination: IPAddress)

    package var format: ESPEchoFormat? {
      switch self {
      case .encrypted(let format, _), .unencrypted(let format, _): format
      case .inner: nil
      }
    }

    package var isOneWay: Bool {
      switch self {
      case .encrypted(_, let path): path == .none
      case .unencrypted(_, let isOneWay): isOneWay
      case .inner: false
      }
    }
  }

  /// Where the reply to an encrypted request is asked for.
  package enum ReplyPath: Equatable, Sendable {
    /// A one-way probe: nobody answers.
    case none
    /// The partner of the SA that carries the request.
    case partner
    /// This SPI of ours, or one that is none, to see what the peer makes of it.
    case spi(UInt32)
  }

  package var probe: Probe
  /// Nil goes on until it is stopped.
  package var count: Int? = 5
  package var interval = Duration.seconds(1)
  /// How long a reply may take before its request counts as lost.
  package var timeout = Duration.seconds(1)
  /// In turn: octets of data of an ESP echo, of a whole inner packet, or of padding in the format of 2023.
  package var sizes = [56]
  package var fragmentation = FragmentationPolicy.allowed

  /// What announces the echo in IKE_AUTH; nil where nothing does, and silence therefore says nothing.
  package var announcement: NotifyType?

  package init(_ probe: Probe) {
    self.probe = probe
    if case .encrypted(let format, _) = probe {
      announcement = ProtocolNumbers().announcement(of: format)
    }
  }

  /// The size of request `number`, counted from zero.
  package func size(_ number: Int) -> Int {
    sizes.isEmpty ? 56 : sizes[number % sizes.count]
  }
}
