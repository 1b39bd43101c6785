/// What an operator should know of a protocol that this tool speaks and no RFC describes.
package struct ProtocolKnowledge: Sendable {
  package let name: String
  package let keywords: [String]
  package let summary: String
  package let meaning: String
  package let evidence: [String]
  package let certainty: String
  package let look: [String]
  package let not: [String]

  var topic: Topic {
    Topic(
      .diagnosticProtocol, name, summary: summary, keywords: keywords,
      [
        .init(.meaning, .text(meaning)), .init(.evidence, .list(evidence)),
        .init(.certainty, .text(certainty)), .init(.look, .commands(look)),
        .init(.not, .list(not)),
      ])
  }

  package static let all: [ProtocolKnowledge] = [
    ProtocolKnowledge(
      name: "esp-echo", keywords: ["esp-ping", "encrypted-esp-ping"],
      summary: "echoes through an ESP SA, experimental",
      meaning: """
        A request and a reply in ESP itself, through a live SA: they show that the data path works, which \
        IKE's liveness checks do not. Experimental: draft-ietf-ipsecme-encrypted-esp-ping and \
        draft-ietf-ipsecme-esp-ping, no RFC. Sub-types 2 and 3 of Next Header 144, the SPIs 7 and 8 and the \
        notify types 50801 and 50802 are numbered by no registry; both ends must agree on them. Formats: \
        merged (2026, a header of 12 octets), draft03 (8 octets, 12 with a return path), and in clear on \
        SPI 7 merged, kernel (no trailer) and colitti2023 (padding alone).
        """,
      evidence: [
        "encrypted: Next Header 144, sub-type 2 (request) or 3 (reply)",
        "in clear: SPI 7 (request) or 8 (reply), in protocol 50 or in UDP 4500",
        "IKE_AUTH: ESP_ECHO_SUPPORTED or ENCRYPTED_PING_SUPPORTED from both sides",
      ],
      certainty: """
        A reply through an SA is proof of the path there and back. Silence means something only where both \
        sides have announced echo. In clear anybody on the path can forge replies.
        """,
      look: [
        "ipsecdiag ping PEER --psk-file FILE",
        "ipsecdiag ping PEER --psk-file FILE --format draft03",
        "ipsecdiag ping PEER --psk-file FILE --inner ADDRESS",
      ],
      not: [
        "a failure, where a peer does not answer: no release of strongSwan, libreswan or Linux does",
        "a liveness check of IKE: that is ipsecdiag dpd",
      ]),
    ProtocolKnowledge(
      name: "anti-replay", keywords: ["replay-notification"],
      summary: "telling the peer whether replays are checked for, experimental",
      meaning: """
        In IKEv2 the receiver alone decides whether it checks for replays, and nothing tells the sender, who \
        must rekey before its numbers run out all the same. The notification tells it, in both directions, \
        wherever a Child SA is made. Experimental: draft-pan-ipsecme-anti-replay-notification expired in \
        2025 without a number; 50800 (50799 by the first version's name) and the layout are our own. A \
        responder that hears of a side that could not follow 64-bit numbers chooses 32-bit ones, where both \
        are offered. IKEv1 has REPLAY-STATUS (24577, RFC 2407).
        """,
      evidence: [
        "REPLAY_PROT_AND_ESN_STATUS in IKE_AUTH or CREATE_CHILD_SA, opened with keys",
        "its first octet: 0x80 the sender checks, 0x40 it can follow ESN without; empty: it does not check",
      ],
      certainty: """
        What a side tells is what it says of itself: only its own counters or kernel prove it. Where nothing \
        is told, assume that the receiver checks (RFC 4303, section 3.3.3).
        """,
      look: [
        "ipsecdiag replay -r FILE --keys KEYS",
        "ipsecdiag respond --psk-file FILE --no-anti-replay --announce-anti-replay",
        "ipsecdiag explain replay-off",
      ],
      not: [
        "a negotiation: nobody has to agree", "a fault, where it is missing: no release sends it",
      ]),
  ]
}
