package import PacketDissector

/// The IPsec packets of one capture, kept one by one to find them again in another capture: at most
/// ``limit``, of 40 bytes each. What comes after those is not compared.
package struct PacketLog: Sendable {
  package static let limit = 1 << 20
  private static let pathLimit = 1 << 16

  enum Kind: UInt8, Sendable {
    case ike, ikeFragment, ipFragment, esp, ah, keepalive
  }

  struct Packet: Sendable {
    /// Nanoseconds since 1970, by this capture's clock.
    let time: Int64
    /// What stays the same on the way, NAT or not: SPI, numbers and content.
    let key: UInt64
    /// Its lower 32 bits.
    let frame: UInt32
    /// The SPI of ESP and AH, the place in ``messages`` of IKE.
    let detail: UInt32
    /// The place in ``paths``.
    let path: UInt32
    /// Of the IP packet; of the whole datagram where it came in IP fragments.
    let bytes: UInt16
    let kind: Kind
    let hopLimit: UInt8
    let trafficClass: UInt8
    let isInIPFragments: Bool
  }

  /// What an IKE message says of itself in the clear.
  struct Message: Hashable, Sendable {
    let initiatorSPI: UInt64
    let majorVersion: UInt8
    let exchange: UInt8
    let messageID: UInt32
    let isResponse: Bool
    let isFromInitiator: Bool
    /// Its number and how many there are, for an IKE fragment (RFC 7383); else zero.
    let fragment: UInt16
    let fragments: UInt16
  }

  /// Addresses and ports, from sender to receiver.
  struct Path: Hashable, Sendable {
    let source: Endpoint
    let destination: Endpoint

    var addresses: AddressPair { AddressPair(source.address, destination.address) }
    /// Ports that nothing has translated.
    var hasUsualPorts: Bool {
      [source.port, destination.port].allSatisfy { [0, 500, 4500].contains($0) }
    }
  }

  private(set) var packets: [Packet] = []
  private(set) var messages: [Message] = []
  private(set) var paths: [Path] = []
  private var places: [Path: UInt32] = [:]
  /// Packets that found no room.
  package private(set) var untracked: UInt64 = 0

  package init() {}

  /// Adds what the frame that `dissector` read last holds of IPsec.
  mutating func add(_ dissector: Dissector, _ bytes: RawSpan, _ frame: FrameReference) {
    guard let internet = dissector.frame.internet else { return }
    if let payload = dissector.fragmentPayload {
      // The last bytes: the first of a datagram hold ports, which NAT changes.
      let end = payload.clamped(to: max(payload.lowerBound, payload.upperBound - 32)..<Int.max)
      add(
        .ipFragment, ContentDigest.whole(bytes, end) ^ UInt64(payload.count), 0,
        payload.count &+ (internet.source.isIPv6 ? 48 : 20), dissector, internet, frame)
    }
    guard let record = dissector.frame.record, !record.isQuoted else { return }
    add(record, dissector, bytes, internet, frame)
    for record in dissector.further { add(record, dissector, bytes, internet, frame) }
  }

  private mutating func add(
    _ record: IPsecRecord, _ dissector: Dissector, _ bytes: RawSpan, _ internet: InternetHeader,
    _ frame: FrameReference
  ) {
    let size = internet.totalLength
    switch record.kind {
    case .esp(let header):
      // SPI, sequence number and what follows them, so that captures cut at different lengths agree.
      let key = dissector.withBytes(of: record, in: bytes) {
        ContentDigest.whole($0, record.range.prefix(24))
      }
      add(.esp, key, header.spi, size, dissector, internet, frame)
    case .ah(let header):
      let key = dissector.withBytes(of: record, in: bytes) {
        ContentDigest.whole($0, record.range.prefix(24))
      }
      add(.ah, key, header.spi, size, dissector, internet, frame)
    case .ike(let header):
      let (key, message) = dissector.withBytes(of: record, in: bytes) {
        (ContentDigest.whole($0, record.range.prefix(48)), Message(header, $0, record.range))
      }
      guard messages.count < Self.limit else { return untracked &+= 1 }
      messages.append(message)
      add(
        message.fragments > 0 ? .ikeFragment : .ike, key, UInt32(messages.count - 1), size,
        dissector, internet, frame)
    case .natKeepalive: add(.keepalive, 0, 0, size, dissector, internet, frame)
    case .wesp, .ipcomp, .tcpPrefix: break
    }
  }

  private mutating func add(
    _ kind: Kind, _ key: UInt64, _ detail: UInt32, _ size: Int, _ dissector: Dissector,
    _ internet: InternetHeader, _ frame: FrameReference
  ) {
    let isPiece = kind == .ipFragment
    let path = Path(
      source: Endpoint(internet.source, isPiece ? 0 : dissector.frame.sourcePort),
      destination: Endpoint(internet.destination, isPiece ? 0 : dissector.frame.destinationPort))
    guard packets.count < Self.limit, let place = place(of: path) else { return untracked &+= 1 }
    packets.append(
      Packet(
        time: frame.time.nanoseconds, key: key, frame: UInt32(truncatingIfNeeded: frame.number),
        detail: detail, path: place, bytes: UInt16(clamping: size), kind: kind,
        hopLimit: internet.hopLimit, trafficClass: internet.trafficClass,
        isInIPFragments: !isPiece && dissector.frame.reassembledFragments > 0))
  }

  private mutating func place(of path: Path) -> UInt32? {
    if let place = places[path] { return place }
    guard paths.count < Self.pathLimit else { return nil }
    places[path] = UInt32(paths.count)
    paths.append(path)
    return UInt32(paths.count - 1)
  }

  func reference(_ place: Int) -> FrameReference {
    FrameReference(UInt64(packets[place].frame), Timestamp(nanoseconds: packets[place].time))
  }
}

/// Who sends to whom.
package struct AddressPair: Hashable, Sendable {
  package let source: IPAddress
  package let destination: IPAddress

  init(_ source: IPAddress, _ destination: IPAddress) {
    self.source = source
    self.destination = destination
  }

  var back: AddressPair { AddressPair(destination, source) }
}

extension PacketLog.Message {
  fileprivate init(_ header: IKEHeader, _ bytes: RawSpan, _ range: Range<Int>) {
    initiatorSPI = header.initiatorSPI
    majorVersion = header.majorVersion
    exchange = header.exchangeType
    messageID = header.messageID
    isResponse = header.isResponse
    isFromInitiator = header.isFromInitiator
    // RFC 7383, section 2.5: number and total stand behind the payload's own header.
    let isFragment = header.nextPayload == PayloadType.encryptedFragment.rawValue
    let numbers = isFragment ? ByteReader(bytes, in: range).peekWord(IKEHeader.byteCount + 4) : nil
    fragment = UInt16(truncatingIfNeeded: (numbers ?? 0) >> 16)
    fragments = UInt16(truncatingIfNeeded: numbers ?? 0)
  }

  /// The message that this is, or is a fragment of.
  var whole: PacketLog.Message {
    PacketLog.Message(
      initiatorSPI: initiatorSPI, majorVersion: majorVersion, exchange: exchange,
      messageID: messageID, isResponse: isResponse, isFromInitiator: isFromInitiator, fragment: 0,
      fragments: 0)
  }
}

extension Range<Int> {
  /// Its first `count` numbers.
  fileprivate func prefix(_ count: Int) -> Range<Int> {
    lowerBound..<Swift.min(upperBound, lowerBound &+ count)
  }
}
