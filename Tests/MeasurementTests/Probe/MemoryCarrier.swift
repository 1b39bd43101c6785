import Host
import IKE
import IPsecCrypto
import PacketDissector

@testable import Measurement

/// Carries messages to whatever answers them, without sockets or waiting: silence is over at once.
final class MemoryCarrier: IKECarrier {
  let way: ProbeWay
  let local = Endpoint(IPAddress(v4: 0x0A01_0002), 40_000)
  let remote: Endpoint
  /// What comes back for a message, in this order.
  var answer: ([UInt8]) -> [CarrierEvent]
  private(set) var sent: [[UInt8]] = []
  private var events: [CarrierEvent] = []
  /// Comes again and again, whenever nothing else does.
  var flood: CarrierEvent?

  init(_ way: ProbeWay = .udp500, _ answer: @escaping ([UInt8]) -> [CarrierEvent]) {
    self.way = way
    self.answer = answer
    remote = Endpoint(IPAddress(v4: 0x0A02_0002), way == .udp500 ? 500 : 4500)
  }

  func send(_ message: [UInt8]) {
    sent.append(message)
    events += answer(message)
  }

  func receive(until limit: Instant) -> CarrierEvent {
    guard events.isEmpty else { return events.removeFirst() }
    if let flood { return flood }
    // The state machine above reads the clock: its deadline must be over.
    while Instant.now < limit {}
    return .deadline
  }
}

extension MemoryCarrier {
  /// Answers as a whole responder does.
  static func over(_ responder: IKEResponder, _ way: ProbeWay = .udp500) -> MemoryCarrier {
    let carrier = MemoryCarrier(way) { _ in [] }
    let (local, remote) = (carrier.local, carrier.remote)
    carrier.answer = { message in
      let isMarked = way == .udp4500
      responder.handle(
        isMarked ? NonESPMarker.added(to: message) : message, from: local, to: remote,
        at: Instant.now)
      var events: [CarrierEvent] = []
      while let output = responder.nextOutput() {
        guard case .send(let bytes, _, _) = output else { continue }
        events.append(.message(isMarked ? NonESPMarker.removed(from: bytes) ?? [] : bytes))
      }
      return events
    }
    return carrier
  }
}

extension PeerProbe {
  /// A probe with short waits, and what it comes to over carriers of memory.
  static func run(
    over carriers: [MemoryCarrier], _ adjust: (inout ProbePlan) -> Void = { _ in }
  ) -> AddressResult {
    var plan = ProbePlan()
    plan.ways = carriers.map(\.way)
    plan.timeout = .milliseconds(2)
    plan.rate = 1_000_000
    plan.asksIKEv1 = false
    adjust(&plan)
    let probe = PeerProbe(
      "peer.example", ResolvedAddress(IPAddress(v4: 0x0A02_0002)), plan,
      pacer: PacketPacer(rate: plan.rate))
    let start = Instant.now
    probe.probe(over: carriers)
    probe.conclude(since: start)
    return probe.result
  }
}

/// Answers that are made by hand.
enum HandmadeAnswer {
  /// The request, decoded; nil where it is none of IKEv2.
  static func request(_ bytes: [UInt8]) -> IKEMessage? {
    var reader = ByteReader(bytes.rawBytes)
    return try? IKEMessage(from: &reader)
  }

  static func notify(
    _ type: NotifyType, _ content: NotifyContent = .data([]), to bytes: [UInt8]
  ) -> [CarrierEvent] {
    guard var header = request(bytes)?.header else { return [] }
    header.flags = 0x20
    var writer = ByteWriter()
    IKEMessage(
      header: header, payloads: [IKEPayload(.notify, .notify(NotifyPayload(type, content)))]
    ).write(to: &writer)
    return [.message(writer.bytes)]
  }
}
