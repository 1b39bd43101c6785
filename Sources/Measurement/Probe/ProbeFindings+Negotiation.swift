internal import Diagnosis
internal import IKE
internal import PacketDissector

extension ProbeFindings {
  var version: Finding? {
    guard notes.otherVersion != nil || takesIKEv1Only else { return nil }
    let fact: Statement =
      notes.otherVersion.map { "IKE_SA_INIT was answered in major version \($0)" }
      ?? "IKEv2: \(notes.refusedProposals.count) proposals refused; IKEv1: a transform accepted"
    return Finding(
      .ikeVersion, .certain, about: subject,
      "\(peer) does not speak IKEv2 with this host",
      meaning: "it speaks IKEv1 only, which is deprecated (RFC 9395)",
      evidence: [Finding.Evidence(fact)],
      remedies: [
        Finding.Remedy(
          "upgrade the peer to IKEv2; until then, IKEv1 for this peer alone",
          [.init(.swanctl, "version = 1"), .init(.libreswan, "ikev2=no")])
      ])
  }

  private var takesIKEv1Only: Bool {
    guard result.peer?.chosen == nil, result.enumeration?.suites.isEmpty ?? true,
      let ikev1 = result.ikev1
    else { return false }
    return [ikev1.mainMode, ikev1.aggressiveMode].contains {
      if case .accepted = $0 { true } else { false }
    }
  }

  /// Only where nothing was accepted at all, and something was refused.
  var mismatch: Finding? {
    guard !notes.refusedProposals.isEmpty, result.peer?.chosen == nil,
      result.enumeration?.suites.isEmpty ?? true, !takesIKEv1Only
    else { return nil }
    return Finding(
      .ikeProposalMismatch, .certain, about: subject,
      "\(peer) is alive, and accepts none of the IKE proposals of a probe",
      meaning:
        "no algorithms in common, or no connection for this host's address: some daemons answer so to whom they do not know",
      evidence: [
        Finding.Evidence(
          "\(notes.refusedProposals.count) proposals with \(notes.refusedProposals.flatMap(\.transforms).count) transforms: NO_PROPOSAL_CHOSEN"
        )
      ]
        + (result.enumeration.map { enumeration in
          [
            Finding.Evidence(
              enumeration.isComplete
                ? "all that a probe knows was asked, and refused"
                : "not all that a probe knows could be asked")
          ]
        } ?? []),
      remedies: [
        Finding.Remedy(
          "see at the peer why: it logs what it received, and whom it has connections for",
          [
            .init(.shell, "swanctl --list-conns"), .init(.shell, "journalctl -u strongswan"),
            .init(.shell, "journalctl -u ipsec | grep -i 'proposal'"),
          ])
      ])
  }

  var methodLoop: Finding? {
    guard notes.isMethodLoop, result.peer?.chosen == nil else { return nil }
    let wanted = notes.methodsWanted.map { "\($0)" }.joined(separator: ", then ")
    return Finding(
      .ikeKELoop, .certain, about: subject,
      "\(peer) refused the key exchange method \(notes.methodsWanted.count) times: INVALID_KE_PAYLOAD without end",
      meaning: "one such answer is normal; here a share of the method asked for is refused again",
      evidence: [Finding.Evidence("the peer asked for \(wanted)")],
      remedies: [
        Finding.Remedy(
          "make the method that the peer asks for its first",
          [.init(.swanctl, "proposals = aes256-sha256-ecp256")])
      ])
  }

  var cookie: Finding? {
    guard notes.cookieRounds > 0 || notes.isCookieLoop else { return nil }
    if notes.isCookieLoop {
      return Finding(
        .ikeCookieLoop, .certain, about: subject,
        "\(peer) answered \(notes.cookieRounds) cookies with another one",
        meaning:
          "the peer is alive; its cookie holds for one address and port, and something changes them on the way",
        evidence: [Finding.Evidence("\(requests(notes.cookieRounds)) carried the cookie")],
        remedies: [
          Finding.Remedy("keep one source address and port for IKE in every NAT between"),
          Finding.Remedy(
            "or raise the peer's threshold for cookies",
            [.init(.strongswan, "charon.cookie_threshold = 100")]),
        ])
    }
    return Finding(
      .ikeCookie, .certain, about: subject,
      "\(peer) asked for a cookie before it went on: it is alive, and defends against load",
      evidence: [Finding.Evidence("\(notes.cookieRounds) answers with COOKIE")])
  }

  var malformed: Finding? {
    guard let (way, reason) = notes.malformed else { return nil }
    return Finding(
      .ikeMalformed, .certain, about: subject,
      "\(peer) answers IKE_SA_INIT on \(self.way(way)) with a message that breaks the syntax",
      evidence: [
        Finding.Evidence(
          "\(reason?.description ?? "it holds neither a choice with share and nonce, nor an error")"
        )
      ],
      remedies: [
        Finding.Remedy(
          "record the answer, and show it field by field",
          [
            .init(.shell, "ipsecdiag probe -w FILE \(peer)"),
            .init(.shell, "ipsecdiag decode -r FILE -v"),
          ])
      ])
  }

  /// What the peer would choose, or accepts at all, though RFC 8247 rules it out.
  var weak: Finding? {
    let accepted =
      result.enumeration?.axes.flatMap(\.accepted) ?? result.peer?.chosen?.transforms ?? []
    var names: [String] = []
    var facts: [Finding.Evidence] = []
    for transform in accepted {
      guard let grade = AlgorithmGrade(of: transform.type, id: transform.id, for: .ike),
        grade.isRuledOut
      else { continue }
      let name = ProposalNotation.name(of: transform)
      guard !names.contains(name) else { continue }
      names.append(name)
      facts.append(
        Finding.Evidence("\(name) for IKE: \(grade.level.rawValue) (\(grade.source))"))
    }
    guard !names.isEmpty else { return nil }
    let verb = result.enumeration == nil ? "chose" : "accepts"
    return Finding(
      .ikeWeakCrypto, .certain, about: subject,
      "\(peer) \(verb) algorithms that are ruled out: \(names.joined(separator: ", "))",
      meaning: "they can be broken, or soon will be, by those who record the traffic today",
      evidence: facts,
      remedies: [
        Finding.Remedy(
          "configure algorithms of today alone",
          [
            .init(.swanctl, "proposals = aes256gcm16-prfsha384-ecp384"),
            .init(.libreswan, "ike=aes_gcm256-sha2_384-dh20"),
          ])
      ])
  }

  // MARK: IKEv1

  var ikev1: Finding? {
    guard let ikev1 = result.ikev1 else { return nil }
    let accepted = [("main", ikev1.mainMode), ("aggressive", ikev1.aggressiveMode)].compactMap {
      mode, outcome -> Finding.Evidence? in
      guard case .accepted(let suite) = outcome else { return nil }
      return Finding.Evidence("\(mode) mode: accepted \(suite)")
    }
    guard !accepted.isEmpty else { return nil }
    return Finding(
      .ikeV1, .certain, about: subject,
      "\(peer) negotiates IKEv1, which is deprecated (RFC 9395)", evidence: accepted,
      remedies: [
        Finding.Remedy(
          "move to IKEv2, and refuse IKEv1",
          [.init(.swanctl, "version = 2"), .init(.libreswan, "ikev2=yes")])
      ])
  }

  /// The hash itself is never shown.
  var aggressive: Finding? {
    guard let ikev1 = result.ikev1, ikev1.exposesHash,
      case .accepted(let suite) = ikev1.aggressiveMode
    else { return nil }
    return Finding(
      .ikeAggressivePSK, .certain, about: subject,
      "aggressive mode with a pre-shared key: \(peer) gives its hash to whoever asks",
      meaning: "the secret can be guessed offline, as fast as a computer can hash",
      evidence: [Finding.Evidence("aggressive mode, \(suite): answered with HASH")],
      remedies: [
        Finding.Remedy(
          "use IKEv2, or main mode; with aggressive mode, certificates",
          [
            .init(.swanctl, "version = 2"), .init(.swanctl, "aggressive = no"),
            .init(.libreswan, "aggressive=no"),
          ]),
        Finding.Remedy("change the secret: it must be taken for known"),
      ])
  }
}
