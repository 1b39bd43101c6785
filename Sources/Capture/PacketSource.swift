package import PacketDissector

/// What a capture says of one packet, besides its bytes.
///
/// Small enough to be returned in registers: through memory, each reader waited for the one below.
package struct PacketHeader: Equatable, Sendable {
  /// 1970-01-01 where the format carries none (pcapng's simple packets).
  package var timestamp: Timestamp
  // All formats have 32 bits for each of these.
  private var captured: UInt32
  private var original: UInt32
  package var linkType: LinkType
  private var interfaceIndex: UInt32

  /// Bytes that the capture holds.
  package var capturedLength: Int { Int(captured) }
  /// Bytes that were on the wire.
  package var originalLength: Int { Int(original) }
  /// An index into the `interfaces` of the capture that the packet came from.
  package var interface: Int {
    get { Int(interfaceIndex) }
    set { interfaceIndex = UInt32(clamping: newValue) }
  }

  package init(
    timestamp: Timestamp, capturedLength: Int, originalLength: Int, linkType: LinkType,
    interface: Int = 0
  ) {
    self.timestamp = timestamp
    captured = UInt32(clamping: capturedLength)
    original = UInt32(clamping: originalLength)
    self.linkType = linkType
    interfaceIndex = UInt32(clamping: interface)
  }
}

/// Where packets were captured. A format other than pcapng tells no more than the link type.
package struct CaptureInterface: Equatable, Sendable {
  package var linkType: LinkType
  package var name: String?
  package var description: String?
  /// The most bytes of a packet that were kept; 0 where there was no limit.
  package var snapshotLength: Int
  package var comments: [String]

  package init(
    linkType: LinkType, name: String? = nil, description: String? = nil, snapshotLength: Int = 0,
    comments: [String] = []
  ) {
    self.linkType = linkType
    self.name = name
    self.description = description
    self.snapshotLength = snapshotLength
    self.comments = comments
  }
}

/// Packets one after another: a file, several in time order, or an interface.
package protocol PacketSource: ~Copyable {
  /// The next packet, or nil at the end.
  ///
  /// An error is thrown once; a further call goes on with what can still be read, or returns nil.
  mutating func next() throws(CaptureError) -> PacketHeader?
  /// The bytes of the packet that ``next()`` returned last.
  var bytes: RawSpan { @_lifetime(borrow self) get }
}

package enum CaptureFormat: String, Sendable {
  case pcap, pcapng, snoop
}
