import Diagnosis
import PacketDissector

/// Two captures of one path: A at its beginning, B behind three routers.
///
///     var path = SyntheticPath(offset: 3)
///     path.send(packet, fromA: true, at: 0.5)
///     let diagnosis = path.diagnosis
struct SyntheticPath {
  /// Seconds by which B's clock is ahead of A's at the beginning, and gains a second.
  var offset = 0.0
  var drift = 0.0
  /// Seconds on the way from A to B, and back.
  var delay = 0.02
  var delayBack = 0.02
  /// What the host on A's side is called behind NAT: by its port at A.
  var outside: [UInt16: Endpoint] = [:]
  private var atA: [(packet: SyntheticPacket, seconds: Double)] = []
  private var atB: [(packet: SyntheticPacket, seconds: Double)] = []

  init(offset: Double = 0, drift: Double = 0, delay: Double = 0.02, delayBack: Double = 0.02) {
    self.offset = offset
    self.drift = drift
    self.delay = delay
    self.delayBack = delayBack
  }

  /// A packet that both captures see, unless it is lost between them.
  mutating func send(
    _ packet: SyntheticPacket, fromA: Bool, at seconds: Double, isLost: Bool = false,
    copies: Int = 1, late: Double = 0, dscp: UInt8? = nil
  ) {
    let arrival = seconds + (fromA ? delay : delayBack) + late
    let far = packet.with(hopLimit: 61).with(dscp: dscp ?? packet.dscp)
    for copy in 0..<copies {
      let after = Double(copy) * 0.0002
      if fromA {
        atA.append((packet, seconds + after))
        if !isLost { atB.append((translated(far), clockB(arrival + after))) }
      } else {
        atB.append((translated(packet), clockB(seconds + after)))
        if !isLost { atA.append((far, arrival + after)) }
      }
    }
  }

  private func clockB(_ seconds: Double) -> Double { seconds * (1 + drift) + offset }

  /// The packet as B sees it, UDP of the host at A given another address and port.
  private func translated(_ packet: SyntheticPacket) -> SyntheticPacket {
    guard !outside.isEmpty, packet.ipProtocol == 17 else { return packet }
    var packet = packet
    let isOutbound = packet.source == SyntheticIKE().initiator.address
    let place = isOutbound ? 0 : 2
    let port = UInt16(packet.payload[place]) << 8 | UInt16(packet.payload[place + 1])
    guard let end = outside[port] else { return packet }
    if isOutbound { packet.source = end.address } else { packet.destination = end.address }
    packet.payload[place] = UInt8(end.port >> 8)
    packet.payload[place + 1] = UInt8(end.port & 0xFF)
    return packet
  }

  /// Keeps of B's capture what it shows from one moment of its clock to another.
  mutating func cutB(from: Double, to: Double) {
    atB = atB.filter { $0.seconds >= from && $0.seconds <= to }
  }

  private func evidence(_ packets: [(packet: SyntheticPacket, seconds: Double)]) -> CaptureEvidence
  {
    var capture = SyntheticCapture()
    for (packet, seconds) in packets.sorted(by: { $0.seconds < $1.seconds }) {
      capture.send(packet, at: seconds)
    }
    return capture.evidence(withPackets: true)
  }

  var diagnosis: CaptureDiagnosis {
    CaptureDiagnosis(evidence(atA), comparedWith: evidence(atB))
  }

  /// The same with the captures in the other order.
  var swapped: CaptureDiagnosis {
    CaptureDiagnosis(evidence(atB), comparedWith: evidence(atA))
  }
}

extension SyntheticPath {
  static let a = Endpoint(SyntheticIKE().initiator.address, 4500)
  static let b = Endpoint(SyntheticIKE().responder.address, 4500)

  /// IKE_SA_INIT, IKE_AUTH on port 500, then liveness checks on 4500 every five seconds.
  mutating func establish(until end: Double) {
    let sa = SyntheticIKE()
    send(sa.initRequest(), fromA: true, at: 0)
    send(sa.initResponse(), fromA: false, at: 0.03)
    let float = sa.floated
    send(
      float.request(.ikeAuth, id: 1, [.encrypted(.identificationInitiator, 320)]), fromA: true,
      at: 0.06)
    send(
      float.response(.ikeAuth, id: 1, [.encrypted(.identificationResponder, 240)]), fromA: false,
      at: 0.1)
    var id: UInt32 = 2
    for second in stride(from: 5.0, to: end, by: 5) {
      send(float.request(.informational, id: id, [.encrypted(.none, 36)]), fromA: true, at: second)
      send(
        float.response(.informational, id: id, [.encrypted(.none, 36)]), fromA: false,
        at: second + 0.03)
      id += 1
    }
  }

  /// ESP in UDP, ten packets a second each way; `lost` says which are, by direction and second.
  mutating func traffic(
    from start: Double, to end: Double, bytes: Int = 100, firstSequence: UInt32 = 1,
    lost: (_ fromA: Bool, _ seconds: Double) -> Bool = { _, _ in false }
  ) {
    var sequence = firstSequence
    for second in stride(from: start, to: end, by: 0.1) {
      send(
        .esp(0xA1, sequence, bytes: bytes, from: Self.a, to: Self.b), fromA: true, at: second,
        isLost: lost(true, second))
      send(
        .esp(0xB1, sequence, bytes: bytes, from: Self.b, to: Self.a), fromA: false,
        at: second + 0.005, isLost: lost(false, second))
      sequence += 1
    }
  }
}
