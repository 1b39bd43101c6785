import ESP
import IPsecCrypto
import PacketDissector
import Testing

@Suite("Hostile packets")
struct HostilePacketTests {
  @Test("A flipped bit in any octet keeps a packet closed", arguments: Suite.each, [false, true])
  func flips(_ suite: Suite, _ esn: Bool) throws {
    let parameters = suite.parameters(esn: esn)
    var sender = try OutboundSA(parameters)
    var receiver = try InboundSA(parameters)
    let whole = try sender.sealed(pattern(37))
    for index in whole.indices {
      for bit: UInt8 in 0..<8 {
        var packet = whole
        packet[index] ^= 1 << bit
        let failure = receiver.opened(packet).failure
        if index < 4 {
          #expect(
            failure == .unknownSPI(0xC0DE_0001 ^ UInt32(1 << bit) << (24 - 8 * UInt32(index))))
        } else if packet[4..<8].allSatisfy({ $0 == 0 }) {
          // Number 1 less its bit.
          #expect(failure == .beforeWindow(0))
        } else {
          #expect(failure == .wrongICV, "octet \(index), bit \(bit)")
        }
      }
    }
    #expect(receiver.window.highest == 0)
    #expect(receiver.opened(whole).payload == pattern(37))
  }

  @Test("What is cut or grown stays closed", arguments: Suite.each)
  func truncations(_ suite: Suite) throws {
    let parameters = suite.parameters()
    var sender = try OutboundSA(parameters)
    var receiver = try InboundSA(parameters)
    let whole = try sender.sealed(pattern(37))
    for count in 0..<whole.count {
      #expect(receiver.opened(Array(whole.prefix(count))).failure != nil, "\(count) octets")
      #expect(
        receiver.opened(Array(whole.prefix(8) + whole.suffix(count))).failure != nil
          || whole.count == 8 + count, "the last \(count) octets")
    }
    for more in 1...40 {
      #expect(receiver.opened(whole + pattern(more)).failure != nil, "\(more) octets more")
    }
  }

  @Test("A room smaller than the packet is refused")
  func smallRoom() throws {
    let parameters = try Suite.gcm().parameters()
    var sender = try OutboundSA(parameters)
    var receiver = try InboundSA(parameters)
    let packet = try sender.sealed(pattern(37))
    for room in 0..<packet.count {
      var output = [UInt8](repeating: 0, count: room)
      do throws(ESPFailure) {
        _ = try receiver.open(packet.rawBytes, into: &output)
        Issue.record("opened into \(room) octets")
      } catch {
        #expect(error == .wrongLength(packet.count))
      }
    }
  }

  @Test("Random octets trap nothing, and what has an ICV never opens")
  func noise() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var source = SplitMix(state: seed)
    let plain = Suite.ciphers.compactMap { try? Suite($0.0, $0.1) }
    for suite in Suite.each + plain {
      let parameters = suite.parameters(esn: source.next() % 2 == 0)
      var receiver = try InboundSA(parameters, replayWindow: Int(source.next() % 200))
      for _ in 0..<200 {
        var packet = (0..<source.next() % 150).map { _ in UInt8(truncatingIfNeeded: source.next()) }
        packet.replaceSubrange(0..<min(4, packet.count), with: [0xC0, 0xDE, 0, 1])
        let opening = receiver.opened(packet)
        if parameters.icvBytes > 0 {
          #expect(opening.failure != nil, "\(suite.testDescription), seed \(seed)")
        }
      }
    }
  }
}
