/// One pass over a frame's headers, from the link layer to IPsec.
///
/// It fills a ``Frame`` and tells its observer of each header. Everything inside this module, so
/// that the readers inline; one call from outside makes one pass.
struct FrameWalk<Observer: HeaderObserver> {
  /// IP packets nest (tunnels, GRE, quoted packets); no real one nests deeper than this.
  static var depthLimit: Int { 16 }

  var frame = Frame()
  var observer: Observer
  /// The second and later records, which are rare.
  var further: [IPsecRecord] = []
  /// The capture kept fewer bytes than the frame had: lengths beyond its end are no error.
  var isCut = false
  var isQuoted = false
  /// The innermost IP packet is longer than what is there of it.
  var isShort = false
  var store = IPsecRecord.Store.frame
  /// Set when the walk met a fragment: its payload, for reassembly.
  var fragmentPayload: Range<Int>?
  /// Set when the walk met TCP: header and payload, for reassembly.
  var segment: (header: TCPHeader, payload: Range<Int>)?
  private var depth = 0

  init(observer: Observer) {
    self.observer = observer
  }

  /// Forgets the frame before, for the next.
  mutating func begin(isCut: Bool) {
    frame = Frame()
    if !further.isEmpty { further = [] }
    self.isCut = isCut
    isQuoted = false
    isShort = false
    store = .frame
    fragmentPayload = nil
    segment = nil
    depth = 0
  }

  mutating func link(_ reader: inout ByteReader, _ linkType: LinkType) throws(DissectionError) {
    switch linkType {
    case .ethernet:
      try ethernet(&reader)
    case .raw, .ipv4, .ipv6:
      try internet(&reader)
    case .linuxSLL:
      let header: LinuxSLLHeader = try read(&reader)
      try etherType(header.etherType, &reader)
    case .linuxSLL2:
      let header: LinuxSLL2Header = try read(&reader)
      try etherType(header.etherType, &reader)
    case .null, .loop:
      let header: LoopbackHeader = try read(&reader)
      try etherType(header.etherType, &reader)
    case .ppp, .pppHDLC:
      try pointToPoint(&reader)
    case .ieee80211:
      try wireless(&reader)
    case .ieee80211Radiotap:
      let header: RadiotapHeader = try read(&reader)
      // A frame check sequence of four bytes stands at the end.
      if header.flags & RadiotapHeader.hasFCS != 0, !isCut {
        reader.shorten(to: reader.remaining &- 4, by: .linkLength)
      }
      try wireless(&reader)
    default:
      break
    }
  }

  /// Reads a header and tells the observer.
  @inline(__always)
  mutating func read<H: Header>(_ reader: inout ByteReader) throws(DissectionError) -> H {
    let start = reader.offset
    let header = try H(from: &reader)
    observer.passed(header, at: start..<reader.offset)
    return header
  }

  mutating func ethernet(_ reader: inout ByteReader) throws(DissectionError) {
    let header: EthernetHeader = try read(&reader)
    try etherType(header.etherType, &reader)
  }

  mutating func etherType(_ type: UInt16, _ reader: inout ByteReader) throws(DissectionError) {
    switch type {
    case EtherType.ipv4, EtherType.ipv6:
      try internet(&reader)
    case EtherType.vlan, EtherType.serviceVLAN, EtherType.oldServiceVLAN:
      try deeper(&reader)
      let tag: VLANTag = try read(&reader)
      frame.vlan = tag.identifier
      try etherType(tag.etherType, &reader)
    case EtherType.mpls, EtherType.mplsMulticast:
      var label: MPLSLabel = try read(&reader)
      while !label.isBottomOfStack { label = try read(&reader) }
      try nibble(&reader)
    case EtherType.pppoeSession:
      let header: PPPoEHeader = try read(&reader)
      reader.shorten(to: Int(header.length), by: .linkLength)
      try pointToPoint(&reader)
    case 1..<1536:
      reader.shorten(to: Int(type), by: .linkLength)
      let header: LLCHeader = try read(&reader)
      if header.etherType >= 1536 { try etherType(header.etherType, &reader) }
    default:
      break
    }
  }

  private mutating func pointToPoint(_ reader: inout ByteReader) throws(DissectionError) {
    if let first = reader.peek(0), first == 0x0F || first == 0x8F, reader.peek(1) == 0 {
      let header: CiscoHDLCHeader = try read(&reader)
      return try etherType(header.etherType, &reader)
    }
    let header: PPPHeader = try read(&reader)
    if header.protocol == PPPHeader.ipv4 || header.protocol == PPPHeader.ipv6 {
      try internet(&reader)
    }
  }

  private mutating func wireless(_ reader: inout ByteReader) throws(DissectionError) {
    let header: IEEE80211Header = try read(&reader)
    guard header.carriesData, !header.isProtected else { return }
    if header.isAggregate {
      // The first subframe: two addresses and a length.
      try reader.skip(12)
      let length = Int(try reader.u16())
      reader.shorten(to: length, by: .linkLength)
    }
    let logical: LLCHeader = try read(&reader)
    if logical.etherType >= 1536 { try etherType(logical.etherType, &reader) }
  }

  /// IP where nothing but its version tells which, as behind MPLS; anything else is left alone.
  mutating func nibble(_ reader: inout ByteReader) throws(DissectionError) {
    guard let first = reader.peek(), first >> 4 == 4 || first >> 4 == 6 else { return }
    try internet(&reader)
  }

  /// Counts one more nested header, against frames made to nest for ever.
  mutating func deeper(_ reader: inout ByteReader) throws(DissectionError) {
    depth &+= 1
    guard depth <= Self.depthLimit else {
      throw reader.error(.nestedTooDeep(limit: Self.depthLimit), at: reader.offset)
    }
  }
}
