import PacketDissector
import Testing

@testable import IKE

@Suite("Random negotiations")
struct RandomNegotiationTests {
  /// Few algorithms of each type, so that policies and offers often meet; some that nobody knows.
  private func proposal(_ number: UInt8, _ random: inout SplitMix64) -> Proposal {
    let isIKE = Bool.random(using: &random)
    let kinds: [(TransformType, [Transform], likelihood: Int)] = [
      (
        .encryption,
        [
          .aesGCM256, .aesGCM128, .aesCBC256, .aesCBC128, .chaCha20,
          Transform(.encryption, id: 12), Transform(.encryption, id: 999),
        ], 19
      ),
      (.prf, [.prf256, .prf384, Transform(.prf, id: 999)], isIKE ? 19 : 1),
      (.integrity, [.integrity256, .integritySHA1, .noIntegrity], 14),
      (.keyExchange, [.x25519, .ecp256, .modp2048, .noKeyExchange], isIKE ? 19 : 10),
      (.additionalKeyExchange1, [.additional(1, 31), .additional(1, 36), .additional(1, 0)], 7),
      (.additionalKeyExchange2, [.additional(2, 31), .additional(2, 36), .additional(2, 0)], 5),
      (.sequenceNumbers, [.noESN, .esn], isIKE ? 1 : 19),
      (99, [Transform(99, id: 1)], 1),
    ]
    var transforms: [Transform] = []
    for (_, choices, likelihood) in kinds where Int.random(in: 0..<20, using: &random) < likelihood
    {
      let count = Int.random(in: 1...choices.count, using: &random)
      transforms += choices.shuffled(using: &random).prefix(count)
    }
    return Proposal(
      number: number, protocolID: isIKE ? .ike : .esp, spi: isIKE ? [] : [0, 0, 1, number],
      transforms: transforms)
  }

  private func proposals(_ random: inout SplitMix64) -> [Proposal] {
    (1...UInt8.random(in: 1...4, using: &random)).map { proposal($0, &random) }
  }

  @Test(
    "whatever is chosen was offered, is in the policy, and is usable",
    arguments: 0..<20 as Range<UInt64>)
  func chosen(_ seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    var agreements = 0
    for _ in 0..<250 {
      let offered = proposals(&random)
      // A policy is made of what can be used.
      var own = proposals(&random)
      for index in own.indices { own[index].transforms.removeAll { $0.id == 999 } }
      for side in [Side.initiator, .responder] {
        guard
          let choice = ProposalSelection.choose(from: offered, by: own, preferring: side)
        else { continue }
        agreements += 1
        #expect(try ProposalSelection.verify([choice], against: offered) == choice)
        #expect(own.contains { policy in isAllowed(choice, by: policy) }, "\(choice) of \(own)")
        #expect(Set(choice.transforms.map(\.type)).count == choice.transforms.count)
        // A suite takes it, which has rules of its own.
        if choice.protocolID == .ike {
          #expect(throws: Never.self, "\(choice)") { try IKESuite(choice) }
        }
      }
    }
    #expect(agreements > 10)
  }

  /// Every transform is of the policy, or is a NONE that stands for a type which it has not.
  private func isAllowed(_ choice: Proposal, by policy: Proposal) -> Bool {
    choice.protocolID == policy.protocolID
      && choice.transforms.allSatisfy { transform in
        policy.transforms.contains { $0.agrees(with: transform) }
          || transform.isNone && policy.transforms(of: transform.type).isEmpty
          || transform == .noIntegrity
            && policy.transforms(of: .integrity).allSatisfy { !$0.isNone }
            && choice.transforms.contains(where: \.isAEAD)
      }
  }

  @Test("both sides find the same agreement, or none", arguments: 0..<5 as Range<UInt64>)
  func symmetric(_ seed: UInt64) {
    var random = SplitMix64(state: seed)
    for _ in 0..<250 {
      let offered = proposals(&random)
      let own = proposals(&random)
      let choices = [Side.initiator, .responder].map {
        ProposalSelection.choose(from: offered, by: own, preferring: $0)
      }
      #expect((choices[0] == nil) == (choices[1] == nil), "\(offered) and \(own)")
    }
  }

  /// Ranges within a few addresses, protocols and ports, so that every packet can be tried.
  private func selector(_ random: inout SplitMix64) -> TrafficSelector {
    let first = UInt32.random(in: 0..<8, using: &random)
    let last = UInt32.random(in: first..<8, using: &random)
    let ports: (UInt16, UInt16)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: ports = (65535, 0)
    case 1: ports = (0, 65535)
    default:
      let low = UInt16.random(in: 0..<4, using: &random)
      ports = (low, UInt16.random(in: low..<4, using: &random))
    }
    return TrafficSelector(
      .init(
        startPort: ports.0, endPort: ports.1, start: IPAddress(v4: first),
        end: IPAddress(v4: last)),
      ipProtocol: IPProtocol(rawValue: [0, 6, 17].randomElement(using: &random) ?? 0))
  }

  private func packets(_ selectors: [TrafficSelector]) -> Set<[UInt32]> {
    var packets: Set<[UInt32]> = []
    for selector in selectors {
      guard case .addresses(let range) = selector.content else { continue }
      let ports: [UInt32] =
        range.startPort > range.endPort
        ? [99] : (0..<5).filter { (UInt32(range.startPort)...UInt32(range.endPort)).contains($0) }
      // 99 is a packet whose ports cannot be seen: OPAQUE and ANY take it.
      let isAny = range.startPort == 0 && range.endPort == 65535
      for address in UInt32(range.start.low)...UInt32(range.end.low) {
        for port in isAny ? ports + [99] : ports {
          for number in [6, 17, 1] as [UInt32] {
            let due = UInt32(selector.ipProtocol.rawValue)
            if due == 0 || due == number { packets.insert([address, number, port]) }
          }
        }
      }
    }
    return packets
  }

  @Test("narrowing keeps just the packets that both sides take", arguments: 0..<10 as Range<UInt64>)
  func narrowed(_ seed: UInt64) {
    var random = SplitMix64(state: seed)
    for _ in 0..<200 {
      let offered = (0..<Int.random(in: 1...4, using: &random)).map { _ in selector(&random) }
      let own = (0..<Int.random(in: 1...4, using: &random)).map { _ in selector(&random) }
      let common = packets(offered).intersection(packets(own))
      let answer = TrafficSelectorNarrowing.narrow(offered, to: own)
      #expect(packets(answer ?? []) == common, "\(offered) to \(own)")
      guard let answer else { continue }
      #expect(TrafficSelectorNarrowing.covers(offered, answer))
      #expect(TrafficSelectorNarrowing.covers(own, answer))
      if TrafficSelectorNarrowing.covers(offered, own) {
        #expect(packets(offered).isSuperset(of: packets(own)))
      }
    }
  }
}
