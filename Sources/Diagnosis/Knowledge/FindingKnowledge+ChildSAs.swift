extension FindingKnowledge {
  /// Child SAs: made, rekeyed, ended.
  static let childSAs: [FindingKnowledge] = [
    FindingKnowledge(
      .childProposalMismatch, "NO_PROPOSAL_CHOSEN for a Child SA",
      meaning: """
        The IKE SA stands and the peer is who it should be, but it takes none of the offered ESP or AH suites.
        """,
      evidence: [
        "with keys: NO_PROPOSAL_CHOSEN in IKE_AUTH or CREATE_CHILD_SA, and what was offered",
        "or the daemon's own record of the same",
      ],
      certainty: """
        Certain with keys. Which transform is at fault is possible only, without the peer's list. At the \
        first rekey, look at child-rekey-pfs.
        """,
      not: [
        "a mismatch of the IKE suite: that SA stands",
        "a wrong key or identity",
      ],
      remedies: [
        .init(
          "One common ESP suite on both sides, extended sequence numbers included.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.esp_proposals = aes256gcm16"),
            .init(.libreswan, "esp=aes_gcm256"),
            .init(.swanctl, "connections.NAME.children.CHILD.esp_proposals = aes256-sha256"),
            .init(.libreswan, "esp=aes256-sha2_256"),
          ]),
        .init("The refusing side's log has both lists beside each other."),
      ]),
    FindingKnowledge(
      .childTSMismatch, "TS_UNACCEPTABLE: the traffic selectors do not meet",
      meaning: """
        The networks that one side proposes for the tunnel have nothing acceptable in common with what the \
        other expects.
        """,
      evidence: [
        "TS_UNACCEPTABLE in IKE_AUTH or CREATE_CHILD_SA (keys are needed), with the proposed TSi and TSr",
        "the other side's list, where its proposals or its configuration are known, and the overlap",
      ],
      certainty: """
        Certain that the Child SA was refused so. libreswan also answers TS_UNACCEPTABLE when its kernel \
        refuses the SA: where the lists do meet, read its log for a netlink error.
        """,
      not: [
        "an authentication error: the peer is accepted, the IKE SA stands",
        "a firewall matter",
      ],
      remedies: [
        .init(
          "Write the same two networks on both sides, mirrored.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.local_ts = 10.1.0.0/24"),
            .init(.swanctl, "connections.NAME.children.CHILD.remote_ts = 10.2.0.0/24"),
            .init(.libreswan, "leftsubnet=10.1.0.0/24"),
            .init(.libreswan, "rightsubnet=10.2.0.0/24"),
          ]),
        .init(
          "A route-based peer, as cloud gateways are, wants everything to everything; what goes in is then a matter of routes.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.local_ts = 0.0.0.0/0"),
            .init(.swanctl, "connections.NAME.children.CHILD.remote_ts = 0.0.0.0/0"),
            .init(.swanctl, "connections.NAME.children.CHILD.if_id_in = 42"),
            .init(.swanctl, "connections.NAME.children.CHILD.if_id_out = 42"),
          ]),
        .init("libreswan takes networks only: a range that is none has to be split."),
      ]),
    FindingKnowledge(
      .childRekeyPFS, "the first rekey fails where the first Child SA stood",
      meaning: """
        The tunnel works until the first rekey and dies at the end of the lifetime, again and again. The first \
        Child SA never has a key exchange of its own, so a difference in it shows only now.
        """,
      evidence: [
        "a Child SA made in IKE_AUTH that carried traffic",
        "the first CREATE_CHILD_SA for it refused: NO_PROPOSAL_CHOSEN, INVALID_KE_PAYLOAD, or one short answer",
        "ESP that ends with the lifetime",
      ],
      certainty: """
        Certain with keys. Likely without: the time and the short answer are two facts, and other refusals \
        of a rekey are rare.
        """,
      not: ["loss or a dead peer: the rekey is answered", "a bad IKE suite or credential"],
      remedies: [
        .init(
          "The same key exchange in the ESP proposals of both sides, or none on both.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.esp_proposals = aes256gcm16-ecp384"),
            .init(.libreswan, "esp=aes_gcm256-dh20"),
            .init(.libreswan, "pfs=yes"),
          ]),
        .init(
          "Do not wait an hour for the proof: force a rekey.",
          [
            .init(.shell, "swanctl --rekey --child CHILD"),
            .init(.shell, "ipsec whack --rekey-ipsec --name NAME"),
          ]),
        .init(
          "Windows asks for modp1024 when it rekeys.",
          [.init(.libreswan, "ms-dh-downgrade=yes")]),
      ]),
    FindingKnowledge(
      .childRekeyCollision, "both sides rekey at once",
      meaning: """
        Both sides asked to rekey the same Child SA within one round trip. RFC 7296 section 2.8 says which of \
        the two new SAs stays; a side that follows another rule goes on sending to an SA that the other has \
        deleted. Info where it resolves, critical where ESP then uses a deleted SPI.
        """,
      evidence: [
        "CREATE_CHILD_SA requests from both sides before either is answered",
        "which SPIs carry ESP afterwards, and which were deleted",
      ],
      certainty: """
        Likely without keys: two requests that cross may concern different SAs. Certain with keys, or where \
        ESP stays on an SPI that the other side answers with nothing.
        """,
      not: [
        "two SAs side by side for a few seconds: every rekey has that",
        "several Child SAs with equal selectors, one a CPU (RFC 9611)",
      ],
      remedies: [
        .init(
          "Let the sides rekey at different times, and let one of them be clearly first.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.rekey_time = 50m"),
            .init(.swanctl, "connections.NAME.children.CHILD.life_time = 60m"),
            .init(.swanctl, "connections.NAME.children.CHILD.rand_time = 8m"),
            .init(.libreswan, "rekeymargin=9m"),
            .init(.libreswan, "rekeyfuzz=100%"),
          ]),
        .init("Update the side that keeps the wrong SA."),
        .init(
          "To get traffic back now, end the Child SA on one side.",
          [.init(.shell, "swanctl --terminate --child CHILD")]),
      ]),
    FindingKnowledge(
      .childLifetimeMismatch, "one side always deletes or rekeys long before the other",
      meaning: """
        Lifetimes are not negotiated in IKEv2: each side ends an SA when its own time or byte limit says so. \
        Far apart, the shorter one does all the rekeying, and a peer that only deletes leaves a gap.
        """,
      evidence: [
        "age and bytes of the SAs at each DELETE or rekey, and who sent it",
        "the same side each time",
      ],
      certainty: "Likely after two cycles; possible after one.",
      not: ["an error by itself: it works where the earlier side rekeys instead of deleting"],
      remedies: [
        .init(
          "Set the lifetimes near each other, and have both sides rekey before the end.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.rekey_time = 54m"),
            .init(.swanctl, "connections.NAME.children.CHILD.life_time = 60m"),
            .init(.libreswan, "salifetime=1h"),
            .init(.libreswan, "rekey=yes"),
          ]),
        .init(
          "Mind byte limits: at 1 Gbit/s a limit of 4,608,000 kB, as Cisco IOS has, lasts 37 seconds.",
          [.init(.cisco, "crypto ipsec security-association lifetime kilobytes disable")]),
      ]),
  ]

  /// Whether the peer is alive, and how long one takes to notice.
  static let liveness: [FindingKnowledge] = [
    FindingKnowledge(
      .dpdPeerDead, "liveness checks unanswered until the sender gave up, and no ESP from the peer",
      meaning: """
        The peer went silent in both IKE and ESP: it is down, restarting, or the path to it is gone.
        """,
      evidence: [
        "one INFORMATIONAL request (IKEv1: R-U-THERE) sent through its whole schedule, unanswered",
        "no ESP from the peer from before the first of them to the end",
      ],
      certainty: """
        Certain that nothing came from the peer here. Whether the peer or the path died takes a look from \
        another place.
        """,
      not: ["a wrong setting of the tunnel: it worked before"],
      remedies: [
        .init(
          "See whether the peer's address answers at all, and when its IKE daemon started.",
          [
            .init(.shell, "ping -c 3 PEER"),
            .init(.shell, "ip route get PEER"),
          ]),
        .init(
          "Let the tunnel come back by itself.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.dpd_action = restart"),
            .init(.libreswan, "dpdaction=restart"),
          ]),
      ]),
    FindingKnowledge(
      .dpdFalseDeath, "declared dead while its ESP kept arriving",
      meaning: """
        The sender gave the peer up because liveness checks stayed unanswered, yet ESP from that peer came in \
        all the time. The tunnel was torn down for loss, or for a peer too busy to answer IKE.
        """,
      evidence: [
        "unanswered liveness checks up to the sender's limit",
        "ESP from the peer during that time, on an SA of the same IKE SA",
      ],
      certainty: "Certain for ESP that verifies with keys. Likely without: ESP could be forged.",
      not: ["a dead peer", "a reason to switch liveness checks off"],
      remedies: [
        .init(
          "Give the check more tries. strongSwan: these take 4, 6, 9, ... s, 197 s in all.",
          [
            .init(.strongswan, "charon.retransmit_tries = 7"),
            .init(.strongswan, "charon.retransmit_base = 1.5"),
            .init(.libreswan, "retransmit-timeout=120s"),
          ]),
        .init(
          "Find out why IKE is lost: a policer on UDP 500 and 4500 before the peer's control plane, queues that prefer other traffic, a stalled CPU."
        ),
      ]),
    FindingKnowledge(
      .dpdDetectionTime, "the real detection time is far from the configured one",
      meaning: """
        In IKEv2 a dead peer is noticed after the check's delay plus the whole retransmission schedule: 165 s \
        with strongSwan's defaults, 63.5 s with libreswan's. dpd_timeout and dpdtimeout count for IKEv1 only.
        """,
      evidence: [
        "the last sign of life, the first check, each retransmission, and when the sender gave up",
        "or the settings, and the sum over them",
      ],
      certainty: "Certain: it is measured, or a sum.",
      not: ["slow because the delay is long: the schedule behind it makes most of the time"],
      remedies: [
        .init(
          "About 10 s with strongSwan: 2 tries after 1.5, 2.3 and 3.4 s are 7.1 s, plus a delay of 3 s. A loss of packets for 8 s then ends the tunnel: that is the price.",
          [
            .init(.strongswan, "charon.retransmit_tries = 2"),
            .init(.strongswan, "charon.retransmit_timeout = 1.5"),
            .init(.strongswan, "charon.retransmit_base = 1.5"),
            .init(.swanctl, "connections.NAME.dpd_delay = 3s"),
          ]),
        .init(
          "libreswan: the time in all. Below 5 s, a loss of 2 to 3 s, as a rerouting makes, ends the tunnel.",
          [
            .init(.libreswan, "dpddelay=3s"),
            .init(.libreswan, "retransmit-timeout=10s"),
          ]),
      ]),
  ]
}
