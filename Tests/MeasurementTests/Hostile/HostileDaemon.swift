import Host
import IKE
import IPsecCrypto
import PacketDissector

@testable import Measurement

/// A daemon on a loopback port that answers as a gateway would, and at times as no gateway does.
final class HostileDaemon {
  enum Manner: CaseIterable, Sendable {
    /// Random octets.
    case garbage
    /// The front of a true answer.
    case truncated
    /// Takes what it refused, refuses what it took, and asks for any method.
    case contradictory
    case cookies
    case wrongSPI
    /// The right SPI, from another address.
    case elsewhere
    /// Behind a refusal, as much as a datagram has room for.
    case oversized
    /// 10,000 datagrams that answer nothing.
    case flood
    /// A choice that nobody offered.
    case unoffered
    /// Several choices in one answer.
    case severalChoices
    /// A share that is none.
    case badShare
    case silent
  }

  private var socket: UDPSocket
  private let stranger: UDPSocket
  private let manner: Manner
  /// So many requests are answered as they should be, before the manners begin.
  private var honestAnswers: Int
  private var random: SplitMix64
  private var suites: [Proposal] = []
  private(set) var asked = 0

  init(_ manner: Manner, honestAnswers: Int = 0, seed: UInt64 = 1) throws {
    socket = try UDPSocket(isIPv6: false, source: Endpoint(Self.address, 0))
    stranger = try UDPSocket(isIPv6: false, source: Endpoint(IPAddress(v4: 0x7F00_0002), 0))
    self.manner = manner
    self.honestAnswers = honestAnswers
    random = SplitMix64(state: seed)
  }

  static let address = IPAddress(v4: 0x7F00_0001)

  var port: UInt16 { socket.localPort }

  /// Answers all that has come.
  func answer() throws {
    while let datagram = try socket.receive() {
      asked += 1
      try answer(datagram.bytes, datagram.source)
    }
  }

  private func answer(_ bytes: [UInt8], _ remote: Endpoint) throws {
    var reader = ByteReader(bytes.rawBytes)
    let request = try? IKEMessage(from: &reader)
    guard let request, request.header.majorVersion == 2,
      request.header.exchangeType == ExchangeType.ikeSAInit.rawValue
    else { return }
    if honestAnswers > 0 {
      honestAnswers -= 1
      return try socket.send(written(truth(request), request), to: remote)
    }
    switch manner {
    case .silent: break
    case .garbage: try socket.send(octets(number(200)), to: remote)
    case .truncated:
      let whole = try written(truth(request), request)
      try socket.send(Array(whole.prefix(number(whole.count))), to: remote)
    case .cookies:
      try socket.send(written([.notify(.cookie, .data(octets(16)))], request), to: remote)
    case .wrongSPI:
      try socket.send(written(truth(request), request) { $0.initiatorSPI ^= 1 << 63 }, to: remote)
    case .elsewhere: try stranger.send(written(truth(request), request), to: remote)
    case .oversized:
      let crowd = Array(repeating: IKEPayload.notify(.noProposalChosen), count: 8000)
      let whole = written([.notify(.noProposalChosen)] + crowd, request)
      try socket.send(Array((whole + octets(65_507)).prefix(65_507)), to: remote)
    case .flood:
      // The receiver's buffer overflows: what does not fit is lost.
      for _ in 0..<10_000 { try socket.send(octets(40), to: remote) }
    case .contradictory: try socket.send(written(contradiction(request), request), to: remote)
    case .unoffered, .severalChoices, .badShare:
      try socket.send(written(lie(request), request), to: remote)
    }
  }

  private func written(
    _ payloads: [IKEPayload], _ request: IKEMessage, _ change: (inout IKEHeader) -> Void = { _ in }
  ) -> [UInt8] {
    var header = request.header
    header.responderSPI = 0xBAD
    header.flags = 0x20
    change(&header)
    var writer = ByteWriter()
    IKEMessage(header: header, payloads: payloads).write(to: &writer)
    return writer.bytes
  }

  // MARK: What it says

  /// Takes one suite and no other.
  static let suite = Proposal(
    number: 1, protocolID: .ike,
    transforms: [
      Transform(.encryption, id: EncryptionAlgorithm.aesGCM16.rawValue, keyLength: 128),
      Transform(.prf, id: PseudorandomFunction.hmacSHA2_256.rawValue),
      Transform(.keyExchange, id: KeyExchangeMethod.curve25519.rawValue),
    ])

  private func truth(_ request: IKEMessage) throws -> [IKEPayload] {
    let offered = request.payloads.proposals ?? []
    let chosen = ProposalSelection.choose(from: offered, by: [Self.suite], preferring: .responder)
    guard let chosen, let share = request.payloads.keyExchange else {
      return [.notify(.noProposalChosen)]
    }
    guard share.method == .curve25519 else {
      return [.notify(.invalidKEPayload, .keyExchangeMethod(.curve25519))]
    }
    let answer = try KeyExchangeResponder.respond(to: share.data, method: share.method)
    return [.proposals([chosen]), .keyExchange(share.method, answer.data), .nonce(octets(32))]
  }

  private func contradiction(_ request: IKEMessage) throws -> [IKEPayload] {
    let offered = request.payloads.proposals ?? []
    let methods = offered.flatMap(\.transforms).filter { $0.type == .keyExchange }.map(\.id)
    switch number(4) {
    case 0: return [.notify(.noProposalChosen)]
    case 1: return try truth(request)
    case 2 where !methods.isEmpty:
      let method = KeyExchangeMethod(rawValue: methods[number(methods.count)])
      return [.notify(.invalidKEPayload, .keyExchangeMethod(method))]
    default:
      return [.notify(NotifyType(rawValue: UInt16(number(65_536))), .data(octets(number(20))))]
    }
  }

  private func lie(_ request: IKEMessage) throws -> [IKEPayload] {
    guard let share = request.payloads.keyExchange else { return [] }
    let data = try? KeyExchangeResponder.respond(to: share.data, method: share.method).data
    var suite = Self.suite
    suite.transforms.removeLast()
    suite.transforms.append(Transform(.keyExchange, id: share.method.rawValue))
    if manner == .unoffered {
      // DES, which no catalogue offers.
      suite.transforms[0] = Transform(.encryption, id: 2)
    }
    let count = manner == .severalChoices ? 3 : 1
    let own = manner == .badShare ? [1, 2, 3] : data ?? []
    return [
      .proposals(Array(repeating: suite, count: count)), .keyExchange(share.method, own),
      .nonce(octets(32)),
    ]
  }

  private func number(_ limit: Int) -> Int { Int(random.next() % UInt64(max(1, limit))) }

  private func octets(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}
