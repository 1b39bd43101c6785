import CLinux
@testable import Host
import IPsecCrypto
import PacketDissector
import Testing

@Suite("The kernel's SAs")
struct KernelSATests {
  @Test("The layout is that of the kernel's headers")
  func layout() {
    #expect(KernelSA.fixedBytes == MemoryLayout<xfrm_usersa_info>.stride)
    #expect(Message.fixed().count == KernelSA.fixedBytes)
    #expect(NetlinkHeader.byteCount == MemoryLayout<nlmsghdr>.size)
    #expect(MemoryLayout<xfrm_algo>.size == 68)
    #expect(MemoryLayout<xfrm_algo_auth>.size == 72 && MemoryLayout<xfrm_algo_aead>.size == 72)
    #expect(MemoryLayout<xfrm_encap_tmpl>.size == 24)
    #expect(MemoryLayout<xfrm_replay_state_esn>.size == 24)
    #expect(MemoryLayout<xfrm_usersa_info>.offset(of: \.id) == 56)
    #expect(MemoryLayout<xfrm_usersa_info>.offset(of: \.saddr) == 80)
    #expect(MemoryLayout<xfrm_usersa_info>.offset(of: \.curlft) == 160)
    #expect(MemoryLayout<xfrm_usersa_info>.offset(of: \.stats) == 192)
    #expect(MemoryLayout<xfrm_usersa_info>.offset(of: \.family) == 212)
    #expect(MemoryLayout<xfrm_usersa_info>.offset(of: \.flags) == 216)
    #expect(XFRM_STATE_ESN == 0x80)
  }

  @Test("The numbers of the attributes are those of the kernel's headers")
  func attributes() {
    let known: [XFRMAttribute: xfrm_attr_type_t] = [
      .integrity: XFRMA_ALG_AUTH, .cipher: XFRMA_ALG_CRYPT, .compression: XFRMA_ALG_COMP,
      .encapsulation: XFRMA_ENCAP, .replay: XFRMA_REPLAY_VAL, .lastUsed: XFRMA_LASTUSED,
      .aead: XFRMA_ALG_AEAD, .truncatedIntegrity: XFRMA_ALG_AUTH_TRUNC, .mark: XFRMA_MARK,
      .trafficPadding: XFRMA_TFCPAD, .extendedReplay: XFRMA_REPLAY_ESN_VAL,
      .extraFlags: XFRMA_SA_EXTRA_FLAGS, .offload: XFRMA_OFFLOAD_DEV, .outputMark: XFRMA_SET_MARK,
      .outputMarkMask: XFRMA_SET_MARK_MASK, .interfaceID: XFRMA_IF_ID,
      // XFRMA_SA_DIR came with Linux 6.10, as the second one behind it, XFRMA_SA_PCPU with 6.13, as the fourth.
      .direction: xfrm_attr_type_t(rawValue: XFRMA_IF_ID.rawValue + 2),
      .cpu: xfrm_attr_type_t(rawValue: XFRMA_IF_ID.rawValue + 4),
    ]
    for attribute in XFRMAttribute.allCases {
      #expect(known[attribute]?.rawValue == UInt32(attribute.rawValue))
    }
    #expect(XFRMPolicyAttribute.templates == UInt16(XFRMA_TMPL.rawValue))
    #expect(XFRMPolicyAttribute.sa == UInt16(XFRMA_SA.rawValue))
    #expect(XFRMPolicyAttribute.policy == UInt16(XFRMA_POLICY.rawValue))
  }

  @Test("What is the same for all SAs is read from its place")
  func fixed() throws {
    let sa = try parse(Message.fixed())
    #expect(sa.source == IPAddress(text: "10.0.0.1"))
    #expect(sa.destination == IPAddress(text: "10.0.0.2"))
    #expect(sa.spi == 0xC000_0001)
    #expect(sa.ipProtocol == 50)
    #expect(sa.mode == 1)
    #expect(sa.reqID == 42)
    #expect(!sa.usesESN)
    #expect(
      sa.counters
        == .init(bytes: 8400, packets: 100, beforeWindow: 7, replayed: 8, integrityFailed: 9))
    #expect(sa.replay == .init(outgoing: 0, incoming: 0, window: 32))
    #expect(sa.flags == .anyFamily && sa.selector == nil && sa.limits == .init())
    #expect(sa.added == Timestamp(nanoseconds: 1_795_000_000_000_000_000))
    #expect(sa.firstUsed == Timestamp(nanoseconds: 1_795_000_006_000_000_000))
    #expect(sa.lastUsed == nil)
    #expect(sa.cipher == nil && sa.aead == nil && sa.integrity == nil)
    #expect(sa.encapsulation == nil && sa.interfaceID == nil && sa.mark == nil)
    #expect(sa.direction == nil)
  }

  @Test("IPv6 takes all of an address; a family that is neither is an error at its byte")
  func family() throws {
    let address = [UInt8](0xF0...0xFF)
    let sa = try parse(Message.fixed(source: address, destination: address, family: 10))
    #expect(sa.source == IPAddress(octets: address) && sa.destination == sa.source)
    let error = #expect(throws: DissectionError.self) { try parse(Message.fixed(family: 17)) }
    #expect(error?.offset == 212 && error?.reason == .badValue(field: "family", value: 17))
  }

  @Test("Every attribute is read, and one that is not known makes no difference")
  func everything() throws {
    let sa = try parse(Message.everything + Message.attribute(0x7FFF, [1, 2, 3]))
    #expect(sa.usesESN)
    #expect(sa.cipher?.name == "cbc(aes)" && sa.cipher?.icvBits == nil)
    #expect(sa.cipher?.key.hasSameBytes(as: Secret(copying: Message.key)) == true)
    #expect(sa.integrity?.name == "hmac(sha256)" && sa.integrity?.icvBits == 128)
    #expect(sa.integrity?.key.hasSameBytes(as: Secret(copying: Message.longKey)) == true)
    #expect(sa.encapsulation == .init(type: 2, sourcePort: 4500, destinationPort: 4501))
    #expect(sa.replay.outgoing == 0x1_0000_000A && sa.replay.incoming == 0x2_0000_0014)
    #expect(sa.replay.window == 64 && sa.replay.hasBitmap)
    #expect(sa.lastUsed == Timestamp(nanoseconds: 1_795_439_130_000_000_000))
    #expect(sa.mark == .init(value: 7, mask: 0xFF))
    #expect(sa.interfaceID == 9)
    #expect(sa.direction == .outgoing)
  }

  @Test("An AEAD cipher has an ICV's length; without ESN the numbers have 32 bits")
  func aead() throws {
    let numbers = Message.host(UInt32(10)) + Message.host(UInt32(20)) + Message.host(UInt32(3))
    let sa = try parse(
      Message.fixed()
        + Message.attribute(
          18, Message.algorithm("rfc4106(gcm(aes))", key: Message.key + [9, 9, 9, 9], icvBits: 96))
        + Message.attribute(10, numbers))
    #expect(sa.aead?.name == "rfc4106(gcm(aes))" && sa.aead?.icvBits == 96)
    #expect(sa.aead?.key.count == 20)
    #expect(sa.replay.outgoing == 10 && sa.replay.incoming == 20 && sa.replay.window == 32)
    #expect(!sa.replay.hasBitmap && sa.replay.received == 2)
  }

  @Test("Of the two attributes of integrity the one with the ICV's length counts, in either order")
  func integrity() throws {
    let short = Message.attribute(1, Message.algorithm("hmac(sha1)", key: Message.key))
    let long = Message.attribute(
      20, Message.algorithm("hmac(sha1)", key: Message.key, icvBits: 160))
    #expect(try parse(Message.fixed() + short + long).integrity?.icvBits == 160)
    #expect(try parse(Message.fixed() + long + short).integrity?.icvBits == 160)
    #expect(try parse(Message.fixed() + short).integrity?.icvBits == .some(nil))
  }

  @Test("A key longer than its attribute is an error, however long it claims to be")
  func keyLength() throws {
    for bits in [UInt32(129), 0xFFFF_FFF8, .max] {
      var value = Message.algorithm("cbc(aes)", key: Message.key)
      value.replaceSubrange(64..<68, with: Message.host(bits))
      let payload = Message.fixed() + Message.attribute(2, value)
      #expect(throws: DissectionError.self) { try parse(payload) }
    }
    // A length that is no whole number of bytes takes the byte it ends in.
    var value = Message.algorithm("cbc(aes)", key: Message.key)
    value.replaceSubrange(64..<68, with: Message.host(UInt32(121)))
    #expect(try parse(Message.fixed() + Message.attribute(2, value)).cipher?.key.count == 16)
  }

  @Test("An attribute shorter than its own header is an error, not a loop")
  func attributeLength() {
    for length in 0...3 {
      let payload = Message.fixed() + Message.host(UInt16(length)) + Message.host(UInt16(2))
      let error = #expect(throws: DissectionError.self) { try parse(payload) }
      #expect(error?.offset == 224 && error?.reason == .badLength(claimed: length, minimum: 4))
    }
  }

  @Test("Every truncation inside the fixed part or an attribute is an error, and none traps")
  func truncation() throws {
    let whole = Message.everything
    // Where an attribute ends, an SA may end; and the filler of the last is not needed.
    var ends: Set<Int> = [224]
    var end = 224
    while end < whole.count {
      let length = Int(whole[end]) + Int(whole[end + 1])
      ends.formUnion((end + length)...(end + (length + 3) / 4 * 4))
      end += (length + 3) / 4 * 4
    }
    for count in whole.indices {
      let isWhole = (try? parse(Array(whole[..<count]))) != nil
      #expect(isWhole == ends.contains(count), "cut to \(count) bytes")
    }
  }

  @Test("No corrupted byte traps")
  func corruption() {
    var read = 0
    for index in Message.everything.indices {
      for value in [UInt8(0), 1, 3, 0x7F, 0x80, 0xFF] {
        var copy = Message.everything
        copy[index] = value
        if (try? parse(copy)) != nil { read += 1 }
      }
    }
    #expect(read > 0 && read < Message.everything.count * 6)
  }

  @Test("No description shows a key")
  func silence() throws {
    var text = ""
    dump(try parse(Message.everything), to: &text)
    #expect(text.contains("(secret of 16 bytes)"))
    #expect(!text.contains("0x01") && !text.contains("[1, 2, 3"))
  }
}
