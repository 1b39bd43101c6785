import CLinux
import Glibc
@testable import Host
import IPsecCrypto
import PacketDissector
import Testing

@Suite("The kernel's state, field by field")
struct KernelStateTests {
  @Test("The layouts are those of the kernel's headers")
  func layout() {
    #expect(KernelPolicy.fixedBytes == MemoryLayout<xfrm_userpolicy_info>.stride)
    #expect(KernelPolicy.Template.byteCount == MemoryLayout<xfrm_user_tmpl>.stride)
    #expect(MemoryLayout<xfrm_selector>.stride == 56)
    #expect(MemoryLayout<xfrm_selector>.offset(of: \.family) == 40)
    #expect(MemoryLayout<xfrm_selector>.offset(of: \.ifindex) == 48)
    #expect(MemoryLayout<xfrm_lifetime_cfg>.size == 64)
    #expect(MemoryLayout<xfrm_id>.stride == 24 && MemoryLayout<xfrm_usersa_id>.stride == 24)
    #expect(MemoryLayout<xfrm_userpolicy_id>.stride == 64)
    #expect(MemoryLayout<xfrm_user_expire>.stride == 232)
    #expect(MemoryLayout<xfrm_user_polexpire>.stride == 176)
    #expect(MemoryLayout<xfrm_user_acquire>.stride == 280)
    #expect(MemoryLayout<xfrm_user_offload>.size == 8 && XFRM_OFFLOAD_INBOUND == 2)
    #expect(MemoryLayout<ifaddrmsg>.stride == 8)
  }

  @Test("Limits are told apart, and none is none")
  func limits() throws {
    let limits = try parse(Message.fixed(limits: [1, 2, 3, 4, 5, 6, 7, 8])).limits
    #expect(limits.bytes == .init(soft: 1, hard: 2) && limits.packets == .init(soft: 3, hard: 4))
    #expect(limits.age == .init(soft: 5, hard: 6) && limits.use == .init(soft: 7, hard: 8))
    let none = try parse(Message.fixed(limits: [.max, 0, .max, .max, 0, .max, 0, 0])).limits
    #expect(none.bytes == .init(soft: nil, hard: 0) && none.packets == .init())
    #expect(none.age == .init() && none.use == .init())
  }

  @Test("A selector has prefixes, a protocol, ports and an interface; an empty one is none")
  func selector() throws {
    let selector = Message.selector(
      source: [10, 1, 0, 0], 16, destination: [10, 2, 3, 0], 24, ipProtocol: 6,
      destinationPort: 443, interface: 7)
    let match = try parse(Message.fixed(selector: selector)).selector
    #expect(match?.source.description == "10.1.0.0/16")
    #expect(match?.destination.description == "10.2.3.0/24")
    #expect(match?.ipProtocol == 6 && match?.interface == 7 && match?.sourcePort == nil)
    #expect(match?.destinationPort == .init(value: 443, mask: 0xFFFF))
    // Any packet of one family is less than any packet.
    let family = Message.selector(source: [0, 0, 0, 0], 0, destination: [0, 0, 0, 0], 0)
    #expect(try parse(Message.fixed(selector: family)).selector?.source.length == 0)
    let unknown = Message.selector(
      source: [0, 0, 0, 0], 0, destination: [0, 0, 0, 0], 0, family: 17)
    #expect(throws: DissectionError.self) { try parse(Message.fixed(selector: unknown)) }
  }

  @Test("A card's part, padding, compression, a CPU and further flags")
  func further() throws {
    func sa(_ type: UInt16, _ value: [UInt8]) throws -> KernelSA {
      try parse(Message.fixed() + Message.attribute(type, value))
    }
    let card = try sa(28, Message.host(UInt32(4)) + [2 | 4, 0, 0, 0])
    #expect(card.offload == .init(interface: 4, isWholePacket: true))
    #expect(card.direction == .incoming)
    #expect(try sa(28, Message.host(UInt32(4)) + [0]).direction == .outgoing)
    #expect(try sa(28, Message.host(UInt32(4)) + [0]).offload?.isWholePacket == false)
    #expect(try sa(22, Message.host(UInt32(1400))).trafficPadding == 1400)
    #expect(try sa(3, Message.algorithm("deflate", key: [])).compression == "deflate")
    #expect(try sa(35, Message.host(UInt32(5))).cpu == 5)
    #expect(try sa(24, Message.host(UInt32(2))).extraFlags == .outgoingMayWrap)
    #expect(try sa(29, Message.host(UInt32(6))).outputMark == .init(value: 6, mask: .max))
    #expect(try sa(33, [7]).direction == nil)
  }

  @Test("A time that never was, or that no clock tells, is none")
  func times() throws {
    #expect(Timestamp(kernelSeconds: 0) == nil && Timestamp(kernelSeconds: .max) == nil)
    #expect(Timestamp(kernelSeconds: 9_223_372_036)?.nanoseconds == 9_223_372_036_000_000_000)
    #expect(Timestamp(kernelSeconds: 9_223_372_037) == nil)
  }

  @Test("Without keys all but the keys is the same")
  func keys() throws {
    let with = try parse(Message.everything)
    let without = try parse(Message.everything, withKeys: false)
    #expect(with.cipher?.key.count == 16 && with.integrity?.key.count == 32)
    #expect(without.cipher?.key.isEmpty == true && without.integrity?.key.isEmpty == true)
    #expect(without.cipher?.keyBits == 128 && without.integrity?.keyBits == 256)
    #expect(without.integrity?.icvBits == 128 && without.replay == with.replay)
  }

  @Test("Names that all SAs share are the same, and a thousand others are no burden")
  func names() throws {
    var database = KernelSADatabase()
    for number in 0..<1000 {
      let name = Message.attribute(
        18, Message.algorithm("name \(number % 200)", key: [], icvBits: 0))
      let payload = Message.fixed() + name
      database.add(Message.state, payload.rawBytes)
    }
    #expect(database.sas.map { $0.aead?.name } == (0..<1000).map { "name \($0 % 200)" })
  }

  @Test("Policies of a direction or an action that is not known are counted, and lose no other")
  func policies() {
    var database = KernelPolicyDatabase()
    let good = KernelMessage.policyOfTwo.payload
    for (offset, value) in [(160, UInt8(1)), (160, 9), (161, 1), (161, 7), (40, 0), (40, 99)] {
      var payload = good
      payload[offset] = value
      if offset == 40 { payload[41] = 0 }
      database.add(UInt16(XFRM_MSG_NEWPOLICY), payload.rawBytes)
    }
    database.add(UInt16(XFRM_MSG_NEWSA), good.rawBytes)
    #expect(database.policies.map(\.direction) == [.outgoing, .incoming])
    #expect(database.policies.map(\.action) == [.allow, .block])
    #expect(database.unreadable == 4)
  }

  @Test("A policy of a network card's says so")
  func offloadedPolicy() throws {
    let payload =
      Array(KernelMessage.policyOfTwo.payload.prefix(KernelPolicy.fixedBytes))
      + Message.attribute(28, Message.host(UInt32(4)) + [0, 0, 0, 0])
    var reader = ByteReader(payload.rawBytes)
    let policy = try KernelPolicy(from: &reader)
    #expect(policy.isOffloaded && policy.templates.isEmpty)
  }

  @Test("An address of a link between two machines is this machine's, not the other's")
  func addresses() {
    func address(_ attributes: [UInt8]) -> IPAddress? {
      let payload = [UInt8](repeating: 0, count: 8) + attributes
      return OwnAddresses.address(message: payload.rawBytes)
    }
    let other = Message.attribute(1, [10, 0, 0, 2]), own = Message.attribute(2, [10, 0, 0, 1])
    #expect(address(other + own) == IPAddress(text: "10.0.0.1"))
    #expect(address(own + other) == IPAddress(text: "10.0.0.1"))
    #expect(address(other) == IPAddress(text: "10.0.0.2"))
    #expect(address(Message.attribute(1, [1, 2, 3])) == nil && address([]) == nil)
    #expect(address(Message.attribute(1, [UInt8](1...16)))?.isIPv6 == true)
    #expect(OwnAddresses.address(message: [1, 2].rawBytes) == nil)
  }
}
