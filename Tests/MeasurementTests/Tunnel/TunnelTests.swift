import IKE
import Measurement
import PacketDissector
import Testing

@Suite("Tunnels over loopback", .timeLimit(.minutes(1)))
struct TunnelTests {
  @Test("A packet goes through the Child SA and back, and closing leaves nothing at the peer")
  func packetsGoThereAndBack() {
    let left = EchoingGateway.run { tunnel in
      let sa = try tunnel.establish { false }
      #expect("\(sa.peerIdentity)" == "gateway.example")
      #expect(tunnel.path.remote.port == tunnel.session.configuration.ports.encapsulated)
      for size in [0, 1, 100, 1400, 9000] {
        let payload = [UInt8](repeating: 0x42, count: size)
        let sent = try tunnel.send(payload, nextHeader: 59)
        var arrival: Tunnel.Arrival?
        let limit = sent.at + .seconds(5)
        while arrival == nil, Instant.now < limit {
          try tunnel.step(until: limit)
          arrival = tunnel.nextArrival()
        }
        let came = try #require(arrival)
        #expect(came.payload == payload)
        #expect(came.nextHeader == 59)
        #expect(came.sequence == sent.sequence)
        #expect(came.datagramBytes == sent.datagramBytes)
      }
      #expect(tunnel.counters.opened == 5)
    }
    #expect(left == 0)
  }

  @Test("Ctrl-C while a tunnel is set up ends that")
  func settingUpIsInterrupted() {
    let left = EchoingGateway.run { tunnel in
      do throws(TunnelFailure) {
        _ = try tunnel.establish { true }
        Issue.record("established")
      } catch {
        guard case .interrupted = error else {
          Issue.record("\(error)")
          return
        }
      }
    }
    #expect(left != nil)
  }
}
