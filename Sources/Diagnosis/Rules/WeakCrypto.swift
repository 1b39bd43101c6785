internal import PacketDissector

/// Algorithms that RFC 8247 or RFC 8221 rule out, where they were chosen: what is only offered harms
/// nobody.
enum WeakCrypto {
  /// One finding for all SAs of a responder with an initiator that have the same weaknesses.
  static func findings(_ evidence: CaptureEvidence) -> [Finding] {
    var groups: [(key: Group, session: IKESession, uses: [Use], count: Int)] = []
    for session in evidence.sessions.sessions {
      let uses = session.majorVersion == 1 ? chosenInIKEv1(session) : chosen(session)
      guard !uses.isEmpty else { continue }
      let key = Group(
        initiator: session.initiator.address, responder: session.responder.address,
        names: uses.map(\.name).uniqued.sorted())
      if let place = groups.firstIndex(where: { $0.key == key }) {
        groups[place].count += 1
        groups[place].uses += uses
      } else {
        groups.append((key, session, uses, 1))
      }
    }
    return groups.map { finding($0.session, $0.uses, count: $0.count) }
  }

  private struct Group: Equatable {
    let initiator: IPAddress
    let responder: IPAddress
    let names: [String]
  }

  private static func finding(_ session: IKESession, _ weak: [Use], count: Int) -> Finding {
    Finding(
      .ikeWeakCrypto, .certain,
      about: count == 1
        ? session.subject : .peers(session.initiator.address, session.responder.address),
      "\(session.responder.address) chose algorithms that are ruled out: \(weak.map(\.name).uniqued.joined(separator: ", "))"
        + (count == 1 ? "" : " (\(count) IKE SAs)"),
      meaning: "they can be broken, or soon will be, by those who record the traffic today",
      evidence: weak.map(\.text).uniqued.prefix(8).map { name in
        Finding.Evidence(
          "\(name)", Array(weak.lazy.filter { $0.text == name }.map(\.frame).prefix(4)))
      },
      remedies: [
        Finding.Remedy(
          "configure algorithms of today on both sides",
          [
            .init(.swanctl, "proposals = aes256gcm16-prfsha384-ecp384"),
            .init(.swanctl, "esp_proposals = aes256gcm16-ecp384"),
            .init(.libreswan, "ike=aes_gcm256-sha2_384-dh20"),
            .init(.libreswan, "esp=aes_gcm256"),
          ])
      ])
  }

  private struct Use {
    let name: String
    let text: String
    let frame: FrameReference
  }

  private static func use(
    _ type: TransformType, _ id: UInt16, _ name: String, _ purpose: AlgorithmGrade.Use,
    _ frame: FrameReference
  ) -> Use? {
    guard let grade = AlgorithmGrade(of: type, id: id, for: purpose), grade.isRuledOut else {
      return nil
    }
    return Use(
      name: name,
      text: "\(name) for \(purpose.rawValue): \(grade.level.rawValue) (\(grade.source))",
      frame: frame)
  }

  private static func chosen(_ session: IKESession) -> [Use] {
    session.exchanges.flatMap { exchange -> [Use] in
      guard let response = exchange.response, response.content.error == nil else { return [] }
      return response.content.proposals.flatMap { proposal in
        let purpose: AlgorithmGrade.Use =
          switch proposal.protocolID {
          case .ike: .ike
          case .ah: .ah
          default: .esp
          }
        return proposal.transforms.compactMap {
          use($0.type, $0.id, ProposalNotation.name(of: $0), purpose, response.first.frame)
        }
      }
    }
  }

  private static func chosenInIKEv1(_ session: IKESession) -> [Use] {
    session.exchanges.flatMap { exchange -> [Use] in
      guard let response = exchange.response else { return [] }
      return response.content.ikev1Proposals.flatMap(\.transforms).flatMap { transform in
        transform.attributes.compactMap { attribute -> Use? in
          guard let number = attribute.number.flatMap({ UInt16(exactly: $0) }) else { return nil }
          let name = attribute.valueName ?? "\(number)"
          switch attribute.kind {
          case .phase1(.encryptionAlgorithm):
            guard let id = IKEv1Numbers.encryption[number] else { return nil }
            return use(.encryption, id, name, .ike, response.first.frame)
          case .phase1(.hashAlgorithm):
            guard let id = IKEv1Numbers.hash[number] else { return nil }
            return use(.integrity, id, name, .ike, response.first.frame)
          case .phase1(.groupDescription), .phase2(.groupDescription):
            return use(.keyExchange, number, name, .ike, response.first.frame)
          case .phase2(.authenticationAlgorithm):
            guard let id = IKEv1Numbers.authentication[number] else { return nil }
            return use(.integrity, id, name, .esp, response.first.frame)
          default: return nil
          }
        }
      }
    }
  }
}

extension [String] {
  /// Without repetitions, in order.
  fileprivate var uniqued: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}
