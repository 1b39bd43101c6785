import IPsecCrypto
import PacketDissector
import Testing

@testable import IKE

extension Pair {
  /// A pair with an IKE SA and one Child SA.
  static func established(
    _ initiator: PeerConfiguration = .alice, _ responder: PeerConfiguration = .bob, seed: UInt64 = 1
  ) throws -> Pair {
    let pair = Pair(initiator, responder, seed: seed)
    pair.start()
    try #require(
      pair.run(until: { pair.session?.children.count == 1 && pair.initiator.children.count == 1 }))
    return pair
  }

  /// One side does something, named by whether it is the initiator's.
  func act(_ isInitiator: Bool, _ command: (IKESession, Instant) -> Void) {
    if isInitiator { initiate(command) } else { respond(command) }
  }

  func side(_ isInitiator: Bool) throws -> IKESession {
    isInitiator ? initiator : try #require(session)
  }

  func events(_ isInitiator: Bool) -> [SessionEvent] {
    isInitiator ? initiatorEvents : responderEvents.map(\.event)
  }

  func child(_ isInitiator: Bool) throws -> ChildSA {
    try #require(try side(isInitiator).children.first)
  }

  /// How many different requests of an exchange type were sent.
  func requests(_ type: ExchangeType) -> Int {
    Set(
      sent.map(\.bytes).filter { bytes in
        bytes.count > 28 && bytes[18] == type.rawValue && bytes[19] & 0x20 == 0
      }
    ).count
  }

  /// What is not the same on both sides, in words; empty if they agree on everything that stands.
  func disagreements() throws -> [String] {
    let (here, there) = (initiator, try side(false))
    var found: [String] = []
    if !here.isEstablished || !there.isEstablished { found.append("not established") }
    if let left = here.current, let right = there.current {
      if (left.initiatorSPI, left.responderSPI) != (right.initiatorSPI, right.responderSPI) {
        found.append("another IKE SA")
      }
      if left.isInitiator == right.isInitiator { found.append("the same role") }
      if !left.keys.d.hasSameBytes(as: right.keys.d) { found.append("another SK_d") }
      if left.suite != right.suite { found.append("another suite") }
      for sa in [left, right] where sa.underWay != nil || !sa.waiting.isEmpty {
        found.append("something under way")
      }
      if left.collision != nil || right.collision != nil { found.append("a collision") }
    } else {
      found.append("no IKE SA")
    }
    if !here.retiring.allSatisfy(\.isDeleted) || !there.retiring.allSatisfy(\.isDeleted) {
      found.append("an IKE SA that is left over")
    }
    if !here.superseded.isEmpty || !there.superseded.isEmpty {
      found.append("a superseded Child SA")
    }
    let left = here.children.map(MirroredChild.init).sorted()
    let right = there.children.map { MirroredChild($0).mirrored }.sorted()
    if left != right { found.append("\(left.count) and \(right.count) Child SAs that differ") }
    return found
  }
}

/// A Child SA as far as both sides must agree on it.
private struct MirroredChild: Comparable {
  var inboundSPI: UInt32
  var outboundSPI: UInt32
  var inboundKeys: String
  var outboundKeys: String
  var localSelectors: [TrafficSelector]
  var remoteSelectors: [TrafficSelector]

  init(_ child: ChildSA) {
    inboundSPI = child.inboundSPI
    outboundSPI = child.outboundSPI
    inboundKeys = child.inboundKeys.encryption.revealed + child.inboundKeys.integrity.revealed
    outboundKeys = child.outboundKeys.encryption.revealed + child.outboundKeys.integrity.revealed
    localSelectors = child.localSelectors
    remoteSelectors = child.remoteSelectors
  }

  var mirrored: MirroredChild {
    var other = self
    swap(&other.inboundSPI, &other.outboundSPI)
    swap(&other.inboundKeys, &other.outboundKeys)
    swap(&other.localSelectors, &other.remoteSelectors)
    return other
  }

  static func < (left: Self, right: Self) -> Bool { left.inboundSPI < right.inboundSPI }
}

extension Proposal {
  /// AES-256-CBC with HMAC-SHA-256 and additional key exchanges, for a Child SA.
  static func espCBC(
    _ methods: [KeyExchangeMethod], additional: [KeyExchangeMethod] = []
  ) -> Proposal {
    Proposal(
      number: 1, protocolID: .esp,
      transforms: [.aesCBC(256), .mac(12), .shortNumbers] + methods.map { .method($0.rawValue) }
        + additional.enumerated().map { .additional(UInt8($0.offset + 1), $0.element.rawValue) })
  }
}

extension [SessionEvent] {
  var childRekeyings: [(old: ChildSA, successor: ChildSA)] {
    compactMap { if case .childRekeyed(let old, let new) = $0 { (old, new) } else { nil } }
  }

  var rekeyings: [EstablishedSA.Algorithms] {
    compactMap { if case .rekeyed(let algorithms) = $0 { algorithms } else { nil } }
  }

  var rekeyFaults: [ChildFault] {
    compactMap { if case .rekeyRefused(let fault) = $0 { fault } else { nil } }
  }
}
