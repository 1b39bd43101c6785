import CLinux
import PacketDissector
import Testing

@testable import Host

@Suite("How many SAs the kernel says that it has")
struct KernelSACountTests {
  /// An answer to XFRM_MSG_GETSADINFO: an attribute with hash table sizes, then the count.
  private func answer(_ count: UInt32, type: UInt16 = UInt16(XFRM_MSG_NEWSADINFO)) -> [UInt8] {
    var body = ByteWriter()
    body.u32(0)
    for (attribute, values) in [
      (UInt16(XFRMA_SAD_HINFO.rawValue), [8, 1 << 20]), (UInt16(XFRMA_SAD_CNT.rawValue), [count]),
    ] as [(UInt16, [UInt32])] {
      body.u16(UInt16(4 + 4 * values.count).bigEndian)
      body.u16(attribute.bigEndian)
      for value in values { body.u32(value.bigEndian) }
    }
    var message = ByteWriter()
    NetlinkHeader(type: type, flags: 0, sequence: 1, payloadBytes: UInt32(body.count))
      .write(to: &message)
    message.append(body.bytes)
    return message.bytes
  }

  @Test("The count is found behind other attributes; another message has none")
  func count() {
    #expect(KernelSACount.count(in: answer(10_000).rawBytes) == 10_000)
    #expect(KernelSACount.count(in: answer(.max).rawBytes) == Int(UInt32.max))
    #expect(KernelSACount.count(in: answer(5, type: 2).rawBytes) == nil)
  }

  @Test("Cut anywhere, or with any octet changed, an answer does no harm")
  func hostile() {
    let whole = answer(77)
    for end in 0..<whole.count {
      #expect(KernelSACount.count(in: Array(whole[..<end]).rawBytes) == nil)
    }
    for place in whole.indices {
      for byte: UInt8 in [0, 1, 0x7F, 0xFF] {
        var changed = whole
        changed[place] = byte
        _ = KernelSACount.count(in: changed.rawBytes)
      }
    }
  }
}
