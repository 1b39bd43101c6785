import IKE
import PacketDissector
import Testing

@Suite("An exchange whose sender keeps to a rate")
struct InitExchangePaceTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  private var exchange: InitExchange {
    InitExchange(
      InitRequest(
        initiatorSPI: 1, proposals: [],
        keyExchange: KeyExchangePayload(method: .curve25519, data: Array(repeating: 9, count: 32)),
        nonce: Array(repeating: 7, count: 32)),
      policy: RetransmissionPolicy(firstWait: .seconds(1), factor: 2, transmissions: 2))
  }

  @Test("The wait for an answer begins when the request has left, each time")
  func late() {
    var exchange = exchange
    _ = exchange.start(at: start)
    #expect(exchange.deadline == start + .seconds(1))
    let left = start + .seconds(5)
    exchange.noteSent(at: left)
    #expect(exchange.lastSent == left)
    #expect(exchange.deadline == left + .seconds(1))
    #expect(exchange.handleTimeout(at: left) == nil)
    #expect(exchange.handleTimeout(at: left + .seconds(1)) != nil)
    exchange.noteSent(at: left + .seconds(3))
    #expect(exchange.deadline == left + .seconds(5))
  }

  @Test("Once it has ended there is nothing to wait for")
  func ended() {
    var exchange = exchange
    exchange.noteSent(at: start)
    #expect(exchange.deadline == nil)
    _ = exchange.start(at: start)
    _ = exchange.handleTimeout(at: start + .seconds(1))
    _ = exchange.handleTimeout(at: start + .seconds(9))
    #expect(exchange.deadline == nil)
    exchange.noteSent(at: start + .seconds(9))
    #expect(exchange.deadline == nil)
  }
}
