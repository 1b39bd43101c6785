internal import PacketDissector

/// One sequence number used for two packets, and numbers that run out.
enum ESPSequenceNumbers {
  static let rule = Rule([.espSequenceReuse, .espSequenceWrap]) { evidence in
    evidence.flows.flows.compactMap { reuse($0, evidence) }
      + evidence.flows.flows.compactMap { wrap($0, evidence) }
  }

  // MARK: Reuse

  private static func reuse(_ flow: ESPFlow, _ evidence: CaptureEvidence) -> Finding? {
    guard flow.copies.different >= 2, let pair = flow.copies.firstDifferent,
      !isNegotiatedAnew(flow, pair, evidence)
    else { return nil }
    var facts = [
      Finding.Evidence(
        "number \(Int64(pair.sequence)) in frame \(Int64(pair.earlierFrame)), and \(pair.milliseconds) ms later with other bytes",
        [pair.frame]),
      Finding.Evidence(
        "\(flow.copies.different) numbers came twice with different ciphertext, of \(flow.packets) packets"
      ),
    ]
    if flow.sequence.restarts > 0 {
      facts.append(
        Finding.Evidence(
          "the counter began anew under this SPI, \(Quantity.times(UInt64(flow.sequence.restarts)))"
        ))
    }
    if pair.hopLimits.earlier != pair.hopLimits.later {
      facts.append(
        Finding.Evidence(
          "TTL \(pair.hopLimits.earlier) and \(pair.hopLimits.later): the two came by different ways"
        ))
    }
    return Finding(
      .espSequenceReuse, .certain, about: flow.subject,
      "\(flow.name) uses \(flow.copies.different) sequence numbers twice for different packets",
      meaning:
        "two senders share one SA (a cloned or failed-over gateway, anycast), or a counter was set back: the receiver drops half, and with AES-GCM or ChaCha20 a nonce used twice gives the key away",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "let only one node send on the SA: look for a second one with the same address",
          [
            .init(
              .shell,
              "ip -s xfrm state get proto esp spi 0x\(spi: flow.spi) dst \(flow.destination)")
          ]),
        Finding.Remedy(
          "after a failover rekey at once, or move the counter ahead (RFC 6311)",
          [.init(.shell, "swanctl --rekey --child CHILD")]),
        Finding.Remedy("never restore a gateway with its SAs from a snapshot"),
      ])
  }

  /// A Child SA was set up between the two packets: a peer that takes the same SPI again has other keys.
  private static func isNegotiatedAnew(
    _ flow: ESPFlow, _ pair: ESPFlow.Copies.Pair, _ evidence: CaptureEvidence
  ) -> Bool {
    evidence.sessions.sessions.contains { session in
      session.involves(flow.source, flow.destination)
        && session.exchanges.contains { exchange in
          guard let answer = exchange.response?.first.frame else { return false }
          let isSetup =
            session.majorVersion == 1
            ? exchange.type == IKEv1ExchangeType.quickMode.rawValue
            : exchange.type == ExchangeType.ikeAuth.rawValue
              || exchange.type == ExchangeType.createChildSA.rawValue
          return isSetup && answer.number > UInt64(pair.earlierFrame)
            && answer.number < pair.frame.number
        }
    }
  }

  // MARK: Wrap

  private static let leastPackets: UInt64 = 10_000
  private static let horizon = 7200.0

  private static func wrap(_ flow: ESPFlow, _ evidence: CaptureEvidence) -> Finding? {
    guard flow.distinctPackets >= leastPackets, flow.isCountedOn, flow.sequence.wraps == 0,
      flow.duration.seconds >= 1
    else { return nil }
    let rate = Double(flow.sequence.highest &- flow.firstSequence) / flow.duration.seconds
    guard flow.sequence.highest > flow.firstSequence, rate > 0 else { return nil }
    let left = Double(UInt32.max - flow.sequence.highest) / rate
    let esn = evidence.usesESN(flow.source, flow.destination)
    guard left < horizon, esn != true, !isRekeyedSooner(flow, evidence, left) else { return nil }
    let perSecond = UInt64(rate.rounded())
    return Finding(
      .espSequenceWrap, esn == false ? .likely : .possible, about: flow.subject,
      "\(flow.name) runs out of sequence numbers in \(Nanoseconds.seconds(left)) at \(perSecond) packets/s",
      meaning:
        "without extended sequence numbers (ESN) an SA ends at number 4,294,967,295: the sender must stop unless it was rekeyed before",
      evidence: [
        Finding.Evidence(
          "number \(Int64(flow.firstSequence)) at first, \(Int64(flow.sequence.highest)) after \(flow.duration)",
          [flow.first, flow.last]),
        Finding.Evidence(
          esn == false
            ? "the proposals agreed on 32-bit sequence numbers"
            : "whether ESN was agreed on is not to be seen without keys"),
      ],
      remedies: [
        Finding.Remedy(
          "turn ESN on, on both sides; it needs a replay window above zero",
          [
            .init(.swanctl, "esp_proposals = aes256gcm16-esn"), .init(.libreswan, "esn=yes"),
            .init(.cisco, "crypto ipsec security-association esn"),
          ]),
        Finding.Remedy(
          "or rekey by packets, well before the end",
          [.init(.swanctl, "rekey_packets = 2000000000")]),
      ])
  }

  /// Child SAs were rekeyed in the capture, and sooner than the numbers last.
  private static func isRekeyedSooner(
    _ flow: ESPFlow, _ evidence: CaptureEvidence, _ left: Double
  ) -> Bool {
    let births = evidence.flows(flow.source, flow.destination).map(\.first.time).sorted()
    return zip(births, births.dropFirst()).contains { earlier, later in
      let interval = Nanoseconds(from: earlier, to: later).seconds
      return interval > 1 && interval < left + flow.duration.seconds
    }
  }
}

extension CaptureEvidence {
  /// Whether the Child SAs between two peers have extended sequence numbers, as far as decrypted
  /// proposals or wrapped counters tell.
  func usesESN(_ one: IPAddress, _ other: IPAddress) -> Bool? {
    if (flows(one, other) + flows(other, one)).contains(where: { $0.sequence.wraps > 0 }) {
      return true
    }
    let transforms = chosenESPProposals(one, other).flatMap(\.transforms)
      .filter { $0.type == .sequenceNumbers }
    return transforms.isEmpty ? nil : transforms.contains { $0.id == 1 }
  }

  /// What responders chose for ESP between two peers; only keys show it.
  func chosenESPProposals(_ one: IPAddress, _ other: IPAddress) -> [Proposal] {
    sessions.sessions.filter { $0.involves(one, other) }.flatMap(\.exchanges)
      .flatMap { $0.response?.content.proposals ?? [] }.filter { $0.protocolID == .esp }
  }
}
