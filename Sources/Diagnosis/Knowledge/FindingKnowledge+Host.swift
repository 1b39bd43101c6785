extension FindingKnowledge {
  /// What a machine's own SAs, policies, counters and daemon show.
  static let hosts: [FindingKnowledge] = [
    FindingKnowledge(
      .policyMismatch, "packets were decrypted and then refused by policy",
      meaning: """
        The SA is right, but no policy lets the inner packet in: the selectors differ from what the peer \
        sends, or addresses were translated before the policy looked.
        """,
      evidence: ["XfrmInTmplMismatch, XfrmInNoPols or a PolBlock counter rises"],
      certainty: """
        Certain that packets were refused while the counter rises. Which policy, the counter does not tell.
        """,
      not: ["wrong keys: the packets were decrypted"],
      remedies: [
        .init(
          "Compare the policies with what the peer sends, and see what NAT does before them.",
          [.init(.shell, "ip -s xfrm policy"), .init(.shell, "nft list ruleset")])
      ]),
    FindingKnowledge(
      .policyNoSA, "a policy wants an SA, and there is none to send through",
      meaning: """
        Packets for the tunnel are dropped until the daemon has made the SA. A few are usual while it does; \
        if they go on, the negotiation fails or nothing answers for the policy.
        """,
      evidence: ["XfrmOutNoStates or XfrmAcquireError rises between two readings"],
      certainty: "Certain that packets were dropped. Why there is no SA, the daemon's log tells.",
      not: ["loss on the way: the packets never left"],
      remedies: [
        .init(
          "Bring the tunnel up by hand and read what the daemon says; delete policies nobody owns.",
          [
            .init(.shell, "swanctl --initiate --child NAME"),
            .init(.shell, "ipsec auto --up NAME"), .init(.shell, "ip -s xfrm policy"),
          ])
      ]),
    FindingKnowledge(
      .saExpired, "an SA was used after its lifetime ended",
      meaning:
        "The SA ended by its hard limit before a new one stood: the rekey failed or came late.",
      evidence: ["XfrmInStateExpired or XfrmOutStateExpired rises between two readings"],
      certainty: "Likely: the counter says expired, and not why no new SA stood.",
      not: ["wrong keys"],
      remedies: [
        .init(
          "Rekey well before the end of life, and see why the last rekey failed.",
          [
            .init(.swanctl, "rekey_time = 50m"), .init(.swanctl, "life_time = 60m"),
            .init(.libreswan, "salifetime=1h"), .init(.shell, "swanctl --rekey --child NAME"),
          ])
      ]),
    FindingKnowledge(
      .saDirection, "an SA made for one direction was used in the other",
      meaning: """
        Kernels from 6.10 on take an SA's direction and refuse it in the other: whoever made the SA said the \
        wrong one.
        """,
      evidence: ["XfrmInStateDirError or XfrmOutStateDirError rises between two readings"],
      certainty: "Certain of the refusal, not of which SA it was.",
      not: ["a policy that blocks: the SA itself was refused"],
      remedies: [
        .init("See the direction of each SA.", [.init(.shell, "ip xfrm state | grep -w dir")])
      ]),
    FindingKnowledge(
      .encapsulationMismatch, "packets fit an SA by SPI, but not by encapsulation",
      meaning: """
        ESP came without UDP where the SA expects it, or the other way round: the two sides do not agree on \
        whether there is a NAT. A selector of the SA that does not fit counts the same.
        """,
      evidence: ["XfrmInStateMismatch rises between two readings"],
      certainty: "Possible: the counter does not tell encapsulation from selectors.",
      not: ["wrong keys: nothing was decrypted yet"],
      remedies: [
        .init(
          "Use UDP encapsulation on both sides.",
          [.init(.swanctl, "encap = yes"), .init(.libreswan, "encapsulation=yes")])
      ]),
    FindingKnowledge(
      .tunnelDown, "a tunnel is configured to stand, and has no SA",
      meaning: """
        The daemon knows a child that is to be started by itself, and has no SA for it: its traffic is \
        dropped, or goes out in the clear if no policy holds it back.
        """,
      evidence: ["the daemon's connections beside its SAs"],
      certainty: "Certain at the moment of reading; a negotiation may just be under way.",
      not: ["a tunnel that is made on demand only: it may rest"],
      remedies: [
        .init(
          "Bring it up and read what the daemon says.",
          [
            .init(.shell, "swanctl --initiate --child NAME"),
            .init(.shell, "ipsec auto --up NAME"),
          ])
      ]),
    FindingKnowledge(
      .dpdOff, "a connection that does not check whether its peer lives",
      meaning: """
        A peer that dies without a word, or a path that breaks, is noticed only when IKE has something to send: \
        at the latest when a new key is due. Until then packets go nowhere.
        """,
      evidence: ["a connection that stands, for which the daemon tells no dpd_delay or dpddelay"],
      certainty: "Likely: of some settings, as those of strongswan.conf, a daemon tells nothing.",
      not: ["wrong by itself: a peer may do the checking, or a routing protocol inside the tunnel"],
      remedies: [
        .init(
          "Have one side ask, and compute how long a dead peer then goes unnoticed.",
          [
            .init(.swanctl, "connections.NAME.dpd_delay = 30s"), .init(.libreswan, "dpddelay=30s"),
            .init(.shell, "ipsecdiag dpd --calculate --daemon strongswan --dpd-delay 30"),
          ])
      ]),
  ]
}
