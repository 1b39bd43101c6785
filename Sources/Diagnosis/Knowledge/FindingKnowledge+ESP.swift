extension FindingKnowledge {
  /// ESP and AH packets: none, one way, unreadable, numbered wrong.
  static let espPackets: [FindingKnowledge] = [
    FindingKnowledge(
      .espBlocked, "IKE works, no ESP arrives in either direction",
      meaning: """
        IKE passes on UDP while ESP does not. Without a NAT, ESP is IP protocol 50 without ports, which \
        filters and providers drop more often than UDP.
        """,
      evidence: [
        "Child SAs established, liveness checks answered",
        "ESP leaves one side and never shows on the other, or both sides count out and nothing in",
        "no NAT detected, so that ESP goes without UDP",
      ],
      certainty: """
        Certain with captures at both ends, or with ICMP protocol unreachable. Likely from one side: its \
        own ESP leaves, none comes in.
        """,
      not: [
        "an IKE error: the SAs stand",
        "a path MTU matter, where small packets are lost as well",
      ],
      remedies: [
        .init(
          "Force UDP encapsulation. If traffic then flows, protocol 50 was blocked.",
          [
            .init(.swanctl, "connections.NAME.encap = yes"),
            .init(.libreswan, "encapsulation=yes"),
          ]),
        .init(
          "Or allow protocol 50 on the way, cloud security groups included.",
          [.init(.nftables, "nft add rule inet filter input meta l4proto esp accept")]),
      ]),
    FindingKnowledge(
      .espOneWay, "an SA pair stands, ESP flows in one direction only",
      meaning: """
        One side sends into the tunnel, nothing comes back through it. Either the other side gets the \
        packets and does not answer into the tunnel, or its answers are lost.
        """,
      evidence: [
        "packets and bytes on each SPI of the pair",
        "how long it has been so, and what IKE said in that time",
      ],
      certainty: """
        Certain of the direction at the point of capture. Where the other half is lost takes the other \
        side's counters.
        """,
      not: [
        "a dead peer, while liveness checks are answered",
        "an error for traffic that is one-way by nature, such as a log stream over UDP",
      ],
      remedies: [
        .init(
          "On the silent side, see whether packets come in, are refused, or never go back into the tunnel: routes and NAT before the policy are the usual reasons.",
          [
            .init(.shell, "ip -s xfrm state"),
            .init(.shell, "grep -vw 0 /proc/net/xfrm_stat"),
            .init(.shell, "ip route get ADDRESS-BEHIND-THE-PEER from LOCAL-ADDRESS"),
          ]),
        .init(
          "Keep masquerading away from what belongs into the tunnel.",
          [
            .init(
              .nftables, "nft insert rule inet nat postrouting rt ipsec exists accept")
          ]),
      ]),
    FindingKnowledge(
      .espUnknownSPI, "ESP for an SPI that no SA knows",
      meaning: """
        One side uses an SA that the other no longer has: after a restart, a deletion that was lost, or an \
        expiry on one side. For up to 5 s around a rekey it is normal, and info.
        """,
      evidence: [
        "ESP for an SPI that no exchange in sight made, or that was deleted",
        "INVALID_SPI or INVALID_IKE_SPI, a new IKE_SA_INIT, or XfrmInNoStates rising",
      ],
      certainty: """
        Certain with keys or the host's SAs. Likely from a capture alone: it may have begun after the SA was \
        made.
        """,
      not: [
        "a rekey: old and new SPI overlap there for seconds",
        "a capture that starts in the middle: SPIs in use from its beginning are no evidence",
      ],
      remedies: [
        .init(
          "Clear both sides now.",
          [
            .init(.shell, "swanctl --terminate --ike NAME"),
            .init(.shell, "ipsec auto --down NAME; ipsec auto --up NAME"),
            .init(.cisco, "clear crypto sa peer PEER"),
          ]),
        .init(
          "Let the sides notice sooner: liveness checks, INITIAL_CONTACT.",
          [
            .init(.swanctl, "connections.NAME.dpd_delay = 30s"),
            .init(.swanctl, "connections.NAME.unique = replace"),
            .init(.libreswan, "dpddelay=30s"),
            .init(.libreswan, "initial-contact=yes"),
            .init(.cisco, "crypto isakmp invalid-spi-recovery"),
          ]),
      ]),
    FindingKnowledge(
      .espICVBad, "with keys, the ICV does not verify",
      meaning: """
        The packet is not what the holder of the key sent, or the key is another SA's. Receivers drop it and \
        count XfrmInStateProtoError.
        """,
      evidence: [
        "packets of an SA for which a key is known and whose ICV differs, out of how many"
      ],
      certainty: """
        Certain where other packets of that SA verify with the same key. Where none does, the key may be \
        the wrong one.
        """,
      not: [
        "proof of an attack: damage on the way, offload faults and wrong key files come first",
        "the truncation of SHA-256 to 96 bits: that is esp-icv-len",
      ],
      remedies: [
        .init(
          "None verifies: check the key file, and extended sequence numbers, which are part of the ICV.",
          [.init(.shell, "ip xfrm state")]),
        .init(
          "Some verify: look for what alters packets, and switch offloads off for a trial.",
          [
            .init(.shell, "ethtool -K DEVICE esp-hw-offload off"),
            .init(.shell, "ethtool -S DEVICE | grep -i err"),
          ]),
      ]),
    FindingKnowledge(
      .espICVLength, "HMAC-SHA-256 truncated to 96 bits on one side",
      meaning: """
        One side cuts the ICV of HMAC-SHA-256 to 96 bits, as drafts and Linux before 2.6.33 did, the other to \
        128, as RFC 4868 says. The tunnel comes up and each side drops all that the other sends.
        """,
      evidence: [
        "the suite is AES-CBC with AUTH_HMAC_SHA2_256_128",
        "with keys: ICVs that verify when read as 12 bytes",
        "without: ESP lengths that fit whole cipher blocks only with an ICV of 12 bytes, in one direction",
        "at the receiver: XfrmInStateProtoError rises with each packet",
      ],
      certainty: "Certain with keys. Likely by the lengths, over many packets.",
      not: ["a wrong key", "a path MTU matter"],
      remedies: [
        .init(
          "Choose a suite without that history.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.esp_proposals = aes256gcm16"),
            .init(.libreswan, "esp=aes_gcm256"),
          ]),
        .init(
          "Or cut to 96 bits for that peer; it is not negotiated.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.sha256_96 = yes"),
            .init(.libreswan, "sha2-truncbug=yes"),
          ]),
      ]),
    FindingKnowledge(
      .espSequenceReuse, "one SPI and sequence number, different ciphertext",
      meaning: """
        Two packets of one SA have the same number and differ. Two senders use one SA: a failover pair, an \
        anycast address, a restored snapshot. With GCM, CCM, CTR or ChaCha20 the number often makes the \
        nonce, and a nonce used twice gives the plaintext away.
        """,
      evidence: ["two frames with equal SPI, sequence number and addresses, and different bytes"],
      certainty: "Certain: the bytes are there.",
      not: [
        "a replay: that has the same bytes",
        "a packet that the capture saw twice",
      ],
      remedies: [
        .init("Give each sender an SA of its own, or have the pair share its counters (RFC 6311)."),
        .init(
          "Rekey at once: what the old key protected has to be taken for readable.",
          [
            .init(.shell, "swanctl --rekey --child CHILD"),
            .init(.shell, "ipsec whack --rekey-ipsec --name NAME"),
          ]),
      ]),
    FindingKnowledge(
      .espSequenceWrap, "without ESN, the sequence space ends before the next rekey",
      meaning: """
        An SA without extended sequence numbers has 2^32 - 1 packets. At 1 million packets a second that is \
        71.6 minutes, at 100,000 it is 11.9 hours; then the sender has to stop.
        """,
      evidence: ["the sequence number, its rate, and the time to the next rekey"],
      certainty: "A sum over the rate seen: likely, as rates change.",
      not: ["an error now: it is one to come", "loss"],
      remedies: [
        .init(
          "Use extended sequence numbers on both sides.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.esp_proposals = aes256gcm16-esn"),
            .init(.libreswan, "esn=yes"),
          ]),
        .init(
          "Or rekey by packets as well as by time.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.rekey_packets = 2000000000"),
            .init(.libreswan, "ipsec-max-packets=2000000000"),
          ]),
      ]),
    FindingKnowledge(
      .espLoss, "lost sequence numbers on one SA",
      meaning: """
        Numbers are missing at this point that later ones have passed. Packets were lost before it, at the \
        sender or on the way.
        """,
      evidence: [
        "missing numbers as a share of all, and the lengths of the gaps",
        "late packets, which are reordered and not lost",
      ],
      certainty: """
        Certain that they did not pass here. A capture that drops frames looks the same: compare tcpdump's \
        \"dropped by kernel\". A live capture counts its own drops: what they can explain is a note, no warning.
        """,
      not: ["a window that is too small: that is the receiver's doing", "an IKE matter"],
      remedies: [
        .init(
          "Bursts point to queues and policers, single packets to a lossy link, large packets alone to the path MTU.",
          [
            .init(.shell, "tc -s qdisc show dev DEVICE"),
            .init(.shell, "ip -s -s link show dev DEVICE"),
          ])
      ]),
  ]

  /// The receiver's memory of what it has seen.
  static let replay: [FindingKnowledge] = [
    FindingKnowledge(
      .replayWindowTooSmall, "late packets fall behind the replay window",
      meaning: """
        Packets arrive so late that the window has moved past them, and the receiver drops them. QoS that \
        queues one SA by class, several paths and several cores reorder so.
        """,
      evidence: [
        "how far behind the newest number late packets come, as a distribution",
        "what each window size would drop of them",
        "the receiver's window, or XfrmInStateSeqError rising",
      ],
      certainty: """
        Certain of the distances. That the receiver drops them is certain with its window or counter, likely \
        with the usual default of 32 or 64.
        """,
      not: [
        "an attack: the numbers are new",
        "a reason to do without replay protection",
      ],
      remedies: [
        .init(
          "Widen the window on the receiving side; both ends receive. It costs a bit a packet of memory.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.replay_window = 1024"),
            .init(.libreswan, "replay-window=1024"),
            .init(.cisco, "crypto ipsec security-association replay window-size 1024"),
          ]),
        .init(
          "Linux takes up to 4096. OpenBSD has 64 and no more: there give each class its own SA."),
      ]),
    FindingKnowledge(
      .replaySuspected, "the same bytes again, later, by another way",
      meaning: """
        An ESP packet came twice, some time apart, from another MAC address or with another TTL. Someone may \
        be replaying it, or two paths deliver it. The receiver's window drops the second.
        """,
      evidence: [
        "two frames with the same SPI, number and bytes, more than a second apart",
        "what differs: MAC address, TTL, interface",
      ],
      certainty: "Possible: a loop in the network does the same.",
      not: [
        "a mirror port that shows each packet twice: those come within a millisecond and look alike",
        "numbers used twice: the bytes are the same",
      ],
      remedies: [
        .init(
          "See that the receiver has a window, and trace the second path.",
          [.init(.shell, "ip xfrm state"), .init(.shell, "tcpdump -eni any 'host PEER and esp'")])
      ]),
    FindingKnowledge(
      .replayOff, "an inbound SA without replay protection",
      meaning: """
        The receiver takes any packet whose ICV verifies, also one that it has had before. An old packet sent \
        again is processed again.
        """,
      evidence: [
        "an inbound SA with a replay window of 0",
        "in a capture: the receiver's REPLAY_PROT_AND_ESN_STATUS or IKEv1's REPLAY-STATUS tells so",
      ],
      certainty: """
        Certain: it is a setting, or what the receiver says of itself in a message that keys open. Possible \
        where the message came in the clear.
        """,
      not: [
        "an outbound SA with window 0: Linux 6.10 and later show it so",
        "a reason why packets are lost",
      ],
      remedies: [
        .init(
          "Give it a window.",
          [
            .init(.swanctl, "connections.NAME.children.CHILD.replay_window = 1024"),
            .init(.libreswan, "replay-window=1024"),
          ])
      ]),
    FindingKnowledge(
      .replayStatusWrong, "a peer whose replay protection is not as it tells",
      meaning: """
        The peer has told of its protection by an experimental notify, and packets of a test show otherwise. \
        A sender that counts on it may use extended sequence numbers that the peer cannot follow, or think that \
        recorded packets do no harm.
        """,
      evidence: [
        "packets sent twice, or late, on an SA of this tool's own, and what was answered",
        "the notify in the peer's IKE_AUTH response",
      ],
      certainty: "Certain: both were seen.",
      not: ["something that operation suffers from by itself"],
      remedies: [
        .init(
          "Compare the peer's setting with the SA that it has installed.",
          [.init(.shell, "ip -s -d xfrm state"), .init(.shell, "ipsecdiag replay")])
      ]),
  ]
}
