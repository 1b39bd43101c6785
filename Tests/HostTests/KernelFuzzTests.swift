import CLinux
@testable import Host
import IPsecCrypto
import PacketDissector
import Testing

/// Whatever the kernel might send, reading ends, without a trap and with no more than was sent.
@Suite("Damaged messages of a kernel")
struct KernelFuzzTests {
  /// Reads `payload` by every way there is; the count of what came out.
  @discardableResult
  private func read(_ type: UInt16, _ payload: [UInt8]) -> Int {
    var count = 0
    if (try? event(type, payload)) != nil { count += 1 }
    var states = KernelSADatabase(withKeys: true)
    states.add(UInt16(XFRM_MSG_NEWSA), payload.rawBytes)
    #expect(states.sas.count + states.unreadable == 1)
    for sa in states.sas {
      if let received = sa.replay.received { #expect(received <= sa.replay.window) }
      let keys = [sa.cipher, sa.aead, sa.integrity].compactMap { $0?.key.count }
      #expect(keys.reduce(0, +) <= payload.count)
    }
    var policies = KernelPolicyDatabase()
    policies.add(UInt16(XFRM_MSG_NEWPOLICY), payload.rawBytes)
    #expect(policies.policies.count + policies.unreadable == 1)
    for policy in policies.policies { #expect(policy.templates.count * 64 <= payload.count) }
    return count + states.sas.count + policies.policies.count
  }

  private func event(
    _ type: UInt16, _ payload: [UInt8]
  ) throws(DissectionError) -> KernelEvent? {
    try KernelEvent(type, payload.rawBytes)
  }

  @Test("Cut at any byte", arguments: KernelMessage.allCases)
  func truncation(message: KernelMessage) throws {
    let whole = message.payload
    #expect(throws: Never.self) { try event(message.type, whole) }
    for count in whole.indices { read(message.type, Array(whole[..<count])) }
    // Cut inside what comes before the attributes, it is none.
    let fixed = message == .flushed ? 1 : 168
    for count in 0..<fixed {
      let cut = Array(whole[..<count])
      #expect(throws: DissectionError.self) { try event(message.type, cut) }
    }
  }

  @Test("With any bit the other way", arguments: KernelMessage.allCases)
  func bits(message: KernelMessage) {
    var copy = message.payload
    var understood = 0
    for index in copy.indices {
      for bit in 0..<8 {
        copy[index] ^= 1 << bit
        understood += read(message.type, copy) > 0 ? 1 : 0
        copy[index] ^= 1 << bit
      }
    }
    #expect(understood > 0)
  }

  @Test("With attributes of any number, length and content")
  func attributes() {
    var random = SplitMix(state: 20_260_101)
    for _ in 0..<4_000 {
      let isPolicy = Bool.random(using: &random)
      let message: KernelMessage = isPolicy ? .policyOfTwo : .extendedWindow
      var payload = Array(
        message.payload.prefix(isPolicy ? KernelPolicy.fixedBytes : KernelSA.fixedBytes))
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        let type = UInt16.random(in: 0...40, using: &random)
        let count = Int.random(in: 0...160, using: &random)
        let value = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        payload += Message.attribute(type, Bool.random(using: &random) ? value : zeros(value))
      }
      read(message.type, payload)
    }
  }

  /// With most bytes zero, so that lengths are short.
  private func zeros(_ value: [UInt8]) -> [UInt8] {
    value.enumerated().map { $0.offset % 7 == 0 ? $0.element & 0x1F : 0 }
  }

  @Test("An attribute shorter than is known changes nothing but itself; a longer one is read")
  func lengths() throws {
    for attribute in XFRMAttribute.allCases {
      let short = [UInt8](repeating: 1, count: attribute.minimumBytes - 1)
      let sa = try parse(Message.fixed() + Message.attribute(attribute.rawValue, short))
      #expect(sa.spi == 0xC000_0001 && sa.replay.received == nil && sa.direction == nil)
      #expect(sa.offload == nil && sa.mark == nil && sa.cpu == nil && sa.cipher == nil)
    }
    let long = Message.host(UInt32(3)) + [UInt8](repeating: 0xFF, count: 12)
    #expect(try parse(Message.fixed() + Message.attribute(35, long)).cpu == 3)
    let mark = Message.host(UInt32(7)) + Message.host(UInt32(8)) + long
    #expect(try parse(Message.fixed() + Message.attribute(21, mark)).mark?.mask == 8)
  }

  @Test("A bitmap shorter than its window says, or than it claims, is not counted")
  func bitmaps() throws {
    func replay(words: UInt32, window: UInt32, bitmap: [UInt32]) throws -> KernelSA.Replay {
      let numbers = [words, 1, 2, 3, 4, window] + bitmap
      return try parse(
        Message.fixed() + Message.attribute(23, numbers.flatMap { Message.host($0) })
      ).replay
    }
    #expect(try replay(words: 1, window: 32, bitmap: [.max]).received == 32)
    #expect(try replay(words: 1, window: 8, bitmap: [.max]).received == 8)
    #expect(try replay(words: 2, window: 33, bitmap: [.max, .max]).received == 33)
    #expect(try replay(words: 1, window: 33, bitmap: [.max]).received == nil)
    #expect(try replay(words: 1, window: 33, bitmap: [.max, .max]).received == nil)
    #expect(try replay(words: .max, window: .max, bitmap: [.max]).received == nil)
    #expect(try replay(words: 0, window: 0, bitmap: []).received == 0)
    #expect(try replay(words: 1, window: 32, bitmap: [0]).incoming == 4 << 32 | 2)
  }
}

/// Numbers that are the same in every run (SplitMix64).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
