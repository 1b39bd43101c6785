internal import CLinux
internal import Glibc
internal import PacketDissector

/// How many SAs the kernel has, by its own word (XFRM_MSG_GETSADINFO): room is made for them at once.
package enum KernelSACount {
  /// What comes before the attributes, of the request and of the answer.
  private static let flagsBytes = 4

  static func read() throws(KernelError) -> Int {
    var request = ByteWriter()
    NetlinkHeader(
      type: UInt16(XFRM_MSG_GETSADINFO), flags: NetlinkHeader.Flags.request, sequence: 1,
      payloadBytes: UInt32(flagsBytes)
    ).write(to: &request)
    request.append([UInt8](repeating: 0, count: flagsBytes))
    var socket = try NetlinkSocket(protocol: NETLINK_XFRM)
    try socket.send(request.bytes)
    return try socket.receive { datagram throws(KernelError) in
      guard let count = count(in: datagram) else { throw KernelError.malformed(offset: 0) }
      return count
    }
  }

  /// What an answer says; nil where it is none.
  package static func count(in datagram: RawSpan) -> Int? {
    var reader = ByteReader(datagram)
    guard let (header, payload) = try? reader.netlinkMessage(),
      header.type == UInt16(XFRM_MSG_NEWSADINFO)
    else { return nil }
    var body = ByteReader(datagram, in: payload)
    guard (try? body.skip(flagsBytes)) != nil else { return nil }
    while let attribute = try? NetlinkAttribute(from: &body),
      var value = try? body.value(of: attribute)
    {
      if attribute.type == UInt16(XFRMA_SAD_CNT.rawValue) {
        return (try? value.host32()).map(Int.init)
      }
    }
    return nil
  }
}
