import ESP
import IKE
import Measurement
import PacketDissector
import Testing

@Suite("Packets of a size, and their answers")
struct InnerProberTests {
  private static let here = IPAddress(v4: 0x0A01_0001)
  private static let there = IPAddress(v4: 0x0A02_0001)

  private func arrival(_ payload: [UInt8], _ nextHeader: UInt8) -> Tunnel.Arrival {
    Tunnel.Arrival(
      inboundSPI: 0xC000_0001, nextHeader: nextHeader, payload: payload, sequence: 1,
      datagramBytes: payload.count, at: Instant(nanoseconds: 0))
  }

  @Test("An ESP echo has the size that was asked for, and its reply is known by number and size")
  func espEcho() throws {
    let prober = InnerESPEchoProber(identifier: 7, replySPI: 0xC000_0001)
    var responder = EchoResponder()
    for bytes in [prober.smallest, 100, 1438] {
      let packet = prober.packet(300, bytes: bytes)
      #expect(packet.payload.count == bytes)
      let answer = responder.answer(
        packet.payload, partnerSPI: 1, peerSPIs: [0xC000_0001], at: Instant(nanoseconds: 0))
      guard case .reply(let reply, 0xC000_0001) = answer else {
        Issue.record("\(answer)")
        return
      }
      let known = try #require(prober.answer(in: arrival(reply, packet.nextHeader)))
      #expect(known.id == 300 && known.bytes == bytes)
      #expect(prober.answer(in: arrival(packet.payload, packet.nextHeader))?.id == nil)
    }
  }

  @Test("Padding behind a small ESP echo is not sent back")
  func paddingStaysThere() throws {
    let prober = InnerESPEchoProber(identifier: 7, replySPI: 0xC000_0001)
    var responder = EchoResponder()
    let padded = prober.packet(1, bytes: 100).payload + [UInt8](repeating: 0, count: 900)
    let answer = responder.answer(
      padded, partnerSPI: 1, peerSPIs: [0xC000_0001], at: Instant(nanoseconds: 0))
    guard case .reply(let reply, _) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(reply.count == 100)
  }

  @Test("An ICMP echo has the size that was asked for, and only its own reply is taken")
  func icmpEcho() throws {
    let prober = InnerICMPProber(from: Self.here, to: Self.there, identifier: 9)
    let other = InnerICMPProber(from: Self.here, to: Self.there, identifier: 10)
    for bytes in [prober.smallest, 84, 1438] {
      let packet = prober.packet(5, bytes: bytes)
      #expect(packet.payload.count == bytes)
      let reply = try #require(InnerEcho.reply(to: packet.payload))
      let known = try #require(prober.answer(in: arrival(reply, 4)))
      #expect(known.id == 5 && known.bytes == bytes)
      #expect(other.answer(in: arrival(reply, 4))?.id == nil)
    }
  }
}
