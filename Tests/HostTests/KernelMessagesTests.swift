import CLinux
@testable import Host
import IPsecCrypto
import PacketDissector
import Testing

/// What `ip -s -d` said of the same SAs and policies stands here as numbers.
@Suite("Messages of a real kernel")
struct KernelMessagesTests {
  private func sa(_ message: KernelMessage) throws -> KernelSA {
    try parse(message.payload, withKeys: false)
  }

  @Test("A window of 32 bits after late, repeated and corrupted packets")
  func legacyWindow() throws {
    let sa = try sa(.legacyWindow)
    #expect(sa.source == IPAddress(text: "10.97.0.2") && sa.spi == 0xC0DE_0002)
    #expect(sa.replay.incoming == 0x7E && sa.replay.outgoing == 0 && sa.replay.window == 32)
    #expect(sa.replay.received == 31 && !sa.replay.hasBitmap && !sa.usesESN)
    #expect(
      sa.counters
        == .init(bytes: 9828, packets: 117, beforeWindow: 5, replayed: 9, integrityFailed: 1))
    #expect(sa.aead?.name == "rfc4106(gcm(aes))" && sa.aead?.icvBits == 128)
    #expect(sa.aead?.keyBits == 160 && sa.aead?.key.isEmpty == true)
    #expect(sa.reqID == 1 && sa.mode == 1 && sa.limits == .init())
    let used = try #require(sa.firstUsed), added = try #require(sa.added)
    #expect(used.nanoseconds - added.nanoseconds == 2_000_000_000)
  }

  @Test("A window of 100 with ESN counts the bits of its bitmap")
  func extendedWindow() throws {
    let sa = try sa(.extendedWindow)
    #expect(sa.usesESN && sa.flags == .esn && sa.replay.hasBitmap)
    #expect(sa.replay.incoming == 0x116 && sa.replay.window == 100)
    // 0000000e ffffffdf dfdfffff feffffff: 3, 31, 30 and 31 bits.
    #expect(sa.replay.received == 95)
    #expect(sa.counters.packets == 268 && sa.counters.replayed == 14)
  }

  @Test("Encapsulation, marks and the interface's number; a mode and an SPI that wait for keys")
  func others() throws {
    let inUDP = try sa(.encapsulated)
    #expect(inUDP.encapsulation == .init(type: 2, sourcePort: 4500, destinationPort: 4501))
    #expect(inUDP.mark == .init(value: 7, mask: 0xFF) && inUDP.interfaceID == 9)
    #expect(inUDP.outputMark == .init(value: 0x10, mask: 0xF0))
    let larval = try sa(.larval)
    #expect(larval.aead == nil && larval.cipher == nil && larval.limits.age.hard == 30)
    #expect(larval.selector?.destination.description == "10.0.0.9/32")
  }

  @Test("A policy with its templates in order")
  func policy() throws {
    let payload = KernelMessage.policyOfTwo.payload
    var reader = ByteReader(payload.rawBytes)
    let policy = try KernelPolicy(from: &reader)
    #expect(policy.direction == .incoming && policy.action == .allow)
    #expect(policy.index == 800 && policy.priority == 5)
    #expect(policy.selector.source.description == "10.2.0.0/16")
    #expect(policy.selector.destination.description == "10.1.0.0/16")
    #expect(policy.selector.ipProtocol == 17)
    #expect(policy.selector.sourcePort == .init(value: 53, mask: 0xFFFF))
    #expect(policy.selector.destinationPort == .init(value: 5353, mask: 0xFFFF))
    #expect(policy.mark == .init(value: 7, mask: 0xFF) && policy.interfaceID == 9)
    #expect(policy.templates.map(\.ipProtocol) == [108, 50])
    #expect(policy.templates.map(\.mode) == [1, 0] && policy.templates.map(\.spi) == [0, 0x101])
    #expect(policy.templates.map(\.isOptional) == [true, false])
    #expect(policy.templates.first?.destination == IPAddress(text: "10.0.0.1"))
    #expect(!policy.isOffloaded && policy.added != nil && policy.lastUsed == nil)
  }

  private func event(_ message: KernelMessage) throws -> KernelEvent {
    let payload = message.payload
    return try #require(try KernelEvent(message.type, payload.rawBytes))
  }

  @Test("What happens to SAs is told with the SA")
  func eventsOfSAs() throws {
    guard case .saUpdated(let updated) = try event(.updated),
      case .saDeleted(let deleted) = try event(.deleted),
      case .saExpired(let expired, let isHard) = try event(.expired),
      case .sasFlushed(let ipProtocol) = try event(.flushed)
    else {
      Issue.record("an event is of another kind")
      return
    }
    #expect(updated.limits.age == .init(soft: 50, hard: 60) && deleted.limits == updated.limits)
    #expect(deleted.spi == 0x301 && deleted.aead?.name == "rfc4106(gcm(aes))")
    #expect(expired.spi == 0x301 && isHard && expired.limits.age == .init(soft: 1, hard: 2))
    #expect(ipProtocol == 0)
  }

  @Test("An SA that is wanted comes with the packet and the policy that want it")
  func wanted() throws {
    guard case .saWanted(let acquire) = try event(.wanted) else {
      Issue.record("the event is of another kind")
      return
    }
    #expect(acquire.source == IPAddress(text: "127.0.0.1") && acquire.ipProtocol == 50)
    #expect(acquire.destination == IPAddress(text: "127.0.0.2"))
    #expect(acquire.packet?.source.description == "10.3.0.1/32")
    #expect(acquire.packet?.destination.description == "10.4.0.1/32")
    #expect(acquire.packet?.ipProtocol == 17)
    #expect(acquire.packet?.destinationPort == .init(value: 9, mask: 0xFFFF))
    #expect(acquire.policy.templates.map(\.reqID) == [8] && acquire.policy.priority == 3)
    #expect(acquire.sequence != 0 && acquire.cpu == nil)
  }

  @Test("What happens to policies is told with the policy")
  func eventsOfPolicies() throws {
    guard case .policyDeleted(let deleted) = try event(.policyDeleted),
      case .policyExpired(let expired, let isHard) = try event(.policyExpired)
    else {
      Issue.record("an event is of another kind")
      return
    }
    #expect(deleted.priority == 4 && deleted.templates.map(\.reqID) == [8])
    #expect(expired.limits.age.hard == 1 && isHard && expired.direction == .outgoing)
  }

  @Test("A message of another type is no event")
  func otherTypes() throws {
    let payload = KernelMessage.legacyWindow.payload
    #expect(try KernelEvent(UInt16(XFRM_MSG_MAPPING), payload.rawBytes) == nil)
  }
}
