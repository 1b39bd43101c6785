package import PacketDissector

/// What packets are told apart by when it is counted what arrived.
package enum PacketClass: String, CaseIterable, Sendable {
  case ikeSmall = "ike_small"
  case ikeLarge = "ike_large"
  case ikeFragment = "ike_fragment"
  case ipFragment = "ip_fragment"
  case espSmall = "esp_small"
  case espMedium = "esp_medium"
  case espLarge = "esp_large"
  case ah
  case natKeepalive = "nat_keepalive"

  /// Bytes of the IP packet from which on IKE is large, and ESP medium and large.
  static let largeIKE = 1200
  static let mediumESP = 256
  static let largeESP = 1024

  init(_ packet: PacketLog.Packet) {
    let bytes = Int(packet.bytes)
    switch packet.kind {
    case .ike:
      self = bytes >= Self.largeIKE || packet.isInIPFragments ? .ikeLarge : .ikeSmall
    case .ikeFragment: self = .ikeFragment
    case .ipFragment: self = .ipFragment
    case .esp:
      self = bytes >= Self.largeESP ? .espLarge : bytes >= Self.mediumESP ? .espMedium : .espSmall
    case .ah: self = .ah
    case .keepalive: self = .natKeepalive
    }
  }

  package var isESP: Bool {
    switch self {
    case .espSmall, .espMedium, .espLarge, .ah: true
    default: false
    }
  }

  package var isIKE: Bool {
    switch self {
    case .ikeSmall, .ikeLarge, .ikeFragment: true
    default: false
    }
  }
}

/// What became of packets between two captures.
package struct PacketCount: Sendable {
  package internal(set) var sent: UInt64 = 0
  package internal(set) var arrived: UInt64 = 0
  /// Packets that arrived and are not in the sender's capture.
  package internal(set) var unsent: UInt64 = 0
  /// One-way delays in nanoseconds, while they are collected.
  var delays: [Int64] = []
  package internal(set) var medianDelay: Nanoseconds?
  package internal(set) var highDelay: Nanoseconds?

  package var lost: UInt64 { sent &- arrived }

  /// Sums the delays up: median and 99th percentile.
  mutating func close() {
    guard !delays.isEmpty else { return }
    delays.sort()
    medianDelay = Nanoseconds(delays[delays.count / 2])
    highDelay = Nanoseconds(delays[min(delays.count - 1, delays.count * 99 / 100)])
    delays = []
  }
}

/// What became of the packets of one direction, from one capture to the other.
package struct DirectionComparison: Sendable {
  package let isFromA: Bool
  package let source: IPAddress
  package let destination: IPAddress
  package internal(set) var counts: [PacketClass: PacketCount] = [:]
  /// ESP and AH that went in one piece, by the bytes of the IP packet.
  package internal(set) var sizes: [UInt16: PacketCount] = [:]
  /// ESP and AH that went in IP fragments, by the bytes of the whole.
  package internal(set) var fragmentedSizes: [UInt16: PacketCount] = [:]
  /// ESP and AH that arrived and that the sender's capture lacks, by SPI.
  private(set) var unsentSPIs: [UInt32: UInt64] = [:]
  /// ESP packets that a later one of their SA overtook on the way.
  package internal(set) var overtaken: UInt64 = 0
  package internal(set) var classChanges: [ClassChange] = []
  /// Routers between the captures, by the hop limits: the fewest and the most.
  package internal(set) var hops: ClosedRange<Int>?
  /// Each ESP and AH packet in the order it was sent, for the rules.
  private(set) var fates: [Fate] = []
  /// The same of IKE messages and fragments.
  private(set) var ikeFates: [Fate] = []
  /// Where the ESP packets stand in the receiver's log, in the order they were sent.
  private var arrivals: [(place: Int, spi: UInt32)] = []

  /// A DSCP that was another on arrival.
  package struct ClassChange: Sendable {
    package let sent: UInt8
    package let arrived: UInt8
    package var packets: UInt64
  }

  struct Fate: Sendable {
    /// By A's clock.
    let time: Int64
    /// In the sender's capture.
    let frame: FrameReference
    let spi: UInt32
    let bytes: UInt16
    let isInIPFragments: Bool
    let arrived: Bool
  }

  init(isFromA: Bool, _ addresses: AddressPair) {
    self.isFromA = isFromA
    source = addresses.source
    destination = addresses.destination
  }

  /// The capture that its packets pass first.
  package var sender: CaptureLabel { isFromA ? .a : .b }
  package var receiver: CaptureLabel { isFromA ? .b : .a }

  package func total(where isWanted: (PacketClass) -> Bool) -> PacketCount {
    counts.reduce(into: PacketCount()) { sum, entry in
      guard isWanted(entry.key) else { return }
      sum.sent &+= entry.value.sent
      sum.arrived &+= entry.value.arrived
      sum.unsent &+= entry.value.unsent
    }
  }

  package var esp: PacketCount { total(where: \.isESP) }
  package var ike: PacketCount { total(where: \.isIKE) }

  // MARK: Counting

  /// Where and when a packet arrived.
  struct Arrival {
    let packet: PacketLog.Packet
    /// Its place in the receiver's log.
    let place: Int
    /// Nanoseconds on the way.
    let delay: Int64
  }

  /// Counts a packet that left, in the order of the sender's capture.
  mutating func add(
    _ sent: PacketLog.Packet, _ frame: FrameReference, time: Int64, _ arrival: Arrival?
  ) {
    let kind = PacketClass(sent)
    counts[kind, default: PacketCount()].add(arrived: arrival != nil)
    if kind.isESP {
      if sent.isInIPFragments {
        fragmentedSizes[sent.bytes, default: PacketCount()].add(arrived: arrival != nil)
      } else {
        sizes[sent.bytes, default: PacketCount()].add(arrived: arrival != nil)
      }
      fates.append(
        Fate(
          time: time, frame: frame, spi: sent.detail, bytes: sent.bytes,
          isInIPFragments: sent.isInIPFragments, arrived: arrival != nil))
      if let place = arrival?.place { arrivals.append((place, sent.detail)) }
    }
    if kind.isIKE {
      ikeFates.append(
        Fate(
          time: time, frame: frame, spi: 0, bytes: sent.bytes,
          isInIPFragments: sent.isInIPFragments, arrived: arrival != nil))
    }
    guard let arrival else { return }
    let atReceiver = arrival.packet
    counts[kind]?.delays.append(arrival.delay)
    let passed = Int(sent.hopLimit) - Int(atReceiver.hopLimit)
    if passed >= 0 {
      hops = hops.map { min($0.lowerBound, passed)...max($0.upperBound, passed) } ?? passed...passed
    }
    if sent.trafficClass >> 2 != atReceiver.trafficClass >> 2 {
      note(sent.trafficClass >> 2, atReceiver.trafficClass >> 2)
    }
  }

  /// Counts a packet that arrived and is not in the sender's capture. IP fragments do not count: a router
  /// between makes them of packets that left whole.
  mutating func addUnsent(_ packet: PacketLog.Packet) {
    guard packet.kind != .ipFragment else { return }
    let kind = PacketClass(packet)
    counts[kind, default: PacketCount()].unsent &+= 1
    if kind.isESP { unsentSPIs[packet.detail, default: 0] &+= 1 }
  }

  private mutating func note(_ sent: UInt8, _ arrived: UInt8) {
    if let place = classChanges.firstIndex(where: { $0.sent == sent && $0.arrived == arrived }) {
      classChanges[place].packets &+= 1
    } else {
      classChanges.append(ClassChange(sent: sent, arrived: arrived, packets: 1))
    }
  }

  mutating func close() {
    fates.sort { ($0.time, $0.frame.number) < ($1.time, $1.frame.number) }
    for key in counts.keys { counts[key]?.close() }
    // Who arrives when one sent later is there already was overtaken.
    var latest: [UInt32: Int] = [:]
    for (order, arrival) in arrivals.enumerated().sorted(by: { $0.element.place < $1.element.place }
    ) {
      if order < latest[arrival.spi] ?? 0 {
        overtaken &+= 1
      } else {
        latest[arrival.spi] = order
      }
    }
    arrivals = []
  }
}

extension PacketCount {
  fileprivate mutating func add(arrived isArrived: Bool) {
    sent &+= 1
    if isArrived { arrived &+= 1 }
  }
}

/// Which of two captures: that of -r, or that of --compare.
package enum CaptureLabel: String, Sendable {
  case a = "A"
  case b = "B"

  package var other: CaptureLabel { self == .a ? .b : .a }
}
