internal import Diagnosis
internal import IKE
internal import PacketDissector

// The IKE SA stands, and there is no tunnel in it.

extension TunnelFindings {
  func finding(_ fault: ChildFault) -> Finding {
    switch fault {
    case .refused(.tsUnacceptable), .refused(.singlePairRequired), .selectorsUnacceptable,
      .otherTerms:
      selectorMismatch(fault)
    case .refused(.noProposalChosen), .noProposalChosen, .wrongChoice, .unusableSuite:
      childProposalMismatch
    case .refused(let type): childRefused("\(type.name ?? "\(type)")")
    case .missing(let payload): childRefused("the answer has no \(payload)")
    case .keyExchange(let failure): childRefused("\(failure)")
    case .crypto(let error): childRefused("\(error)")
    }
  }

  private func selectorMismatch(_ fault: ChildFault) -> Finding {
    let here = SelectorText.list(configuration.localSelectors)
    let there = SelectorText.list(configuration.remoteSelectors)
    let answer: Statement
    if case .refused(let type) = fault {
      answer = "the Child SA was answered with \(type.name ?? "\(type)")"
    } else {
      answer = "the answer has more than what was asked for"
    }
    return Finding(
      .childTSMismatch, .certain, about: subject,
      "\(peer) refuses the networks that the tunnel should carry: the IKE SA stands, without a tunnel",
      meaning:
        "the traffic selectors of the two sides have nothing in common; libreswan also answers so when its kernel refuses the SA",
      evidence: [
        Finding.Evidence(answer),
        Finding.Evidence("asked for: \(here) to \(there)"),
      ],
      remedies: [
        Finding.Remedy(
          "give --local-ts and --remote-ts as the peer has them, seen from here",
          [.init(.shell, "swanctl --list-conns"), .init(.shell, "ipsec status")])
      ])
  }

  private var childProposalMismatch: Finding {
    Finding(
      .childProposalMismatch, .certain, about: subject,
      "\(peer) accepts none of the proposals for ESP: the IKE SA stands, without a tunnel",
      meaning: "both sides trust each other, and no traffic can flow",
      evidence: [Finding.Evidence("the Child SA was answered with NO_PROPOSAL_CHOSEN (14)")]
        + offered(configuration.childProposals),
      remedies: [
        Finding.Remedy(
          "offer with --esp what the peer is configured for",
          [.init(.swanctl, "esp_proposals = …"), .init(.libreswan, "esp=…")])
      ])
  }

  private func childRefused(_ reason: String) -> Finding {
    Finding(
      .childProposalMismatch, .likely, about: subject,
      "\(peer) makes no Child SA: the IKE SA stands, without a tunnel",
      evidence: [Finding.Evidence("\(reason)")],
      remedies: [
        Finding.Remedy(
          "its log says why",
          [
            .init(.shell, "journalctl -u strongswan | grep -i 'child'"),
            .init(.shell, "journalctl -u ipsec | grep -i 'child'"),
          ])
      ])
  }
}
