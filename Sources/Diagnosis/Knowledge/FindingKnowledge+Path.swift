extension FindingKnowledge {
  /// Sizes that pass, and sizes that do not.
  static let paths: [FindingKnowledge] = [
    FindingKnowledge(
      .mtuExceeded, "ICMP says that ESP or IKE is too big",
      meaning: """
        A router cannot forward an outer packet and says the size that it can. If the gateway hears and heeds \
        it, sizes adapt; if not, the larger packets are lost.
        """,
      evidence: [
        "ICMP \"fragmentation needed\" or ICMPv6 \"packet too big\" that quotes an ESP or IKE packet",
        "the MTU it names, and who sent it",
      ],
      certainty: "Certain of what was said; ICMP is not authenticated.",
      not: [
        "a filter: the router speaks",
        "the MTU inside the tunnel: the number is the outer packet's",
      ],
      remedies: [
        .init(
          "Set the inner MTU and MSS for the size named; `ipsecdiag mtu --calculate` does the sum for the suite.",
          [
            .init(.shell, "ipsecdiag mtu --calculate --suite aes256gcm16 --path-mtu 1400"),
            .init(.shell, "ip route change NETWORK dev DEVICE mtu 1346 advmss 1306"),
            .init(
              .nftables,
              "nft add rule inet filter forward tcp flags syn tcp option maxseg size set 1306"),
          ])
      ]),
    FindingKnowledge(
      .mtuBlackhole, "sizes above a limit vanish without ICMP",
      meaning: """
        Large packets disappear and nobody says so. Small ones pass, so connections open and then hang. Four \
        places are possible: ICMP filtered on the way; not translated back for the inner sender; not \
        delivered to it; dropped by its own firewall.
        """,
      evidence: [
        "handshakes and small echoes pass, large segments are sent again",
        "no ESP above some size on the far side",
        "or a ladder of sizes: this one passes, one byte more does not",
      ],
      certainty: """
        Certain with a ladder. Likely from a capture at one side; certain with the far side's.
        """,
      not: [
        "the MTU of the interface: the limit is on the path",
        "random loss: that takes small packets too",
      ],
      remedies: [
        .init(
          "Set inner MTU and MSS for the size that passes, for the suite in use.",
          [
            .init(.shell, "ipsecdiag mtu --calculate --suite aes256gcm16 --path-mtu 1400"),
            .init(
              .nftables,
              "nft add rule inet filter forward tcp flags syn tcp option maxseg size set rt mtu"),
          ]),
        .init(
          "Let ICMP through: it is what makes path MTU discovery work.",
          [
            .init(
              .nftables, "nft add rule inet filter input icmp type destination-unreachable accept"),
            .init(.nftables, "nft add rule inet filter input icmpv6 type packet-too-big accept"),
          ]),
      ]),
    FindingKnowledge(
      .mtuBand, "a band of sizes vanishes, larger and smaller pass",
      meaning: """
        Packets that fit the inner MTU but not, once encapsulated, the path are fragmented after \
        encapsulation, and those fragments are lost. Larger ones are fragmented before it and pass.
        """,
      evidence: ["a ladder of sizes with a hole: passes, lost, passes again"],
      certainty: "Certain with the ladder.",
      not: ["a limit of the path: larger packets pass", "loss"],
      remedies: [
        .init(
          "Lower the MTU of the tunnel interface, so that all are fragmented before encapsulation.",
          [
            .init(.shell, "ip link set dev ipsec0 mtu 1400"),
            .init(
              .nftables,
              "nft add rule inet filter forward tcp flags syn tcp option maxseg size set 1360"),
          ]),
        .init(
          "On gateways that choose, fragment first.",
          [.init(.cisco, "crypto ipsec fragmentation before-encryption")]),
      ]),
    FindingKnowledge(
      .mtuLocalLimit, "the first limit met is local",
      meaning: """
        A size failed here, before it went out: the interface's MTU or a path MTU that the kernel remembers. \
        It says nothing of the path.
        """,
      evidence: ["EMSGSIZE from the local kernel, and the MTU that it knows"],
      certainty: "Certain.",
      not: ["the path MTU: no packet has tried it"],
      remedies: [
        .init(
          "See what the kernel remembers, and drop it before measuring again.",
          [
            .init(.shell, "ip route get PEER"),
            .init(.shell, "ip route flush cache"),
          ])
      ]),
    FindingKnowledge(
      .mtuOuterFragments, "ESP leaves as IP fragments",
      meaning: """
        The encapsulated packets exceed the link and leave in two pieces. It works where fragments pass, at \
        twice the packets, and one lost piece loses both.
        """,
      evidence: ["IP fragments that carry ESP, the size they make, and the MTU they were cut for"],
      certainty: "Certain.",
      not: ["IKE fragments, which are made above IP and harmless"],
      remedies: [
        .init(
          "Set the inner MTU and MSS, so that one inner packet makes one outer packet.",
          [
            .init(.shell, "ipsecdiag mtu --calculate --suite aes256gcm16 --path-mtu 1500"),
            .init(.shell, "ip route change NETWORK dev DEVICE mtu 1446 advmss 1406"),
            .init(
              .nftables,
              "nft add rule inet filter forward tcp flags syn tcp option maxseg size set 1406"),
          ])
      ]),
  ]

  /// NAT, its mappings, and TCP.
  static let translation: [FindingKnowledge] = [
    FindingKnowledge(
      .natDetected, "who is behind NAT, and which ports it maps",
      meaning: """
        A NAT rewrites the address or port of one side or both. IKE moves to port 4500 and ESP into UDP, which \
        costs 8 bytes a packet.
        """,
      evidence: [
        "NAT_DETECTION_SOURCE_IP or NAT_DETECTION_DESTINATION_IP that does not fit the addresses seen",
        "the ports used from then on",
      ],
      certainty: """
        Certain that one side declares a NAT. A daemon that forces UDP encapsulation declares one that is \
        not there.
        """,
      not: ["a fault"],
      remedies: [
        .init(
          "Keep the mapping alive from the side behind the NAT.",
          [
            .init(.strongswan, "charon.keep_alive = 20s"),
            .init(.libreswan, "nat-keepalive=yes"),
          ])
      ]),
    FindingKnowledge(
      .natRebind, "the peer's mapping changed and our side sends to the old one",
      meaning: """
        The NAT gave the peer a new port, or address. Its packets arrive from there, ours still go to the old \
        mapping, which no longer leads anywhere. Linux sends to the old endpoint until IKE tells it otherwise.
        """,
      evidence: [
        "ESP in UDP of one SPI from a new port, and ours to the old one after that",
        "the idle time before the change, and no keepalives in it",
      ],
      certainty:
        "Certain of the ports. That the old one is dead is likely: nothing answers from it.",
      not: ["a dead peer: it sends", "an unknown SPI: the SA is the same"],
      remedies: [
        .init(
          "Send keepalives more often than the mapping lives: shorter than the gap before the change.",
          [
            .init(.strongswan, "charon.keep_alive = 20s"),
            .init(.libreswan, "keep-alive=20"),
          ]),
        .init(
          "Have the side behind the NAT check liveness and use MOBIKE: both move the endpoint.",
          [
            .init(.swanctl, "connections.NAME.mobike = yes"),
            .init(.swanctl, "connections.NAME.dpd_delay = 15s"),
            .init(.libreswan, "mobike=yes"),
            .init(.libreswan, "dpddelay=15s"),
          ]),
      ]),
    FindingKnowledge(
      .natKeepaliveSlow, "keepalives are rarer than the mapping's life",
      meaning: """
        The pauses between packets from the side behind the NAT are longer than the NAT keeps a mapping, so \
        that the other side cannot reach it in between. Many NATs forget UDP after 30 s.
        """,
      evidence: [
        "the longest pause, the interval of the keepalives",
        "where seen: the pause after which the port had changed",
      ],
      certainty:
        "Certain where the port changed after such a pause. Possible by the interval alone.",
      not: ["a fault of the side in front of the NAT: it cannot keep the mapping open"],
      remedies: [
        .init(
          "Shorten the interval on the side behind the NAT.",
          [
            .init(.strongswan, "charon.keep_alive = 20s"),
            .init(.libreswan, "keep-alive=20"),
          ])
      ]),
    FindingKnowledge(
      .tcpNotIKE, "the TCP port answers but does not speak RFC 9329",
      meaning: """
        A TCP connection to the peer's port opens, yet what answers is no IKE: a web server, a proxy, or a \
        load balancer that accepts everything.
        """,
      evidence: [
        "the connection opens",
        "no answer to a request behind the prefix IKETCP, or one that is not IKE",
      ],
      certainty: "Certain of the answer. For silence: likely.",
      not: ["an open way for IKE over TCP", "a word on UDP 500 and 4500"],
      remedies: [
        .init(
          "Have the peer listen for it, on a port that nothing else holds; strongSwan does not speak it.",
          [
            .init(.libreswan, "listen-tcp=yes"),
            .init(.libreswan, "enable-tcp=yes"),
            .init(.libreswan, "tcp-remoteport=4500"),
          ])
      ]),
  ]

  /// The capture's own faults, which others would be mistaken for.
  static let captures: [FindingKnowledge] = [
    FindingKnowledge(
      .captureDuplicated, "each packet shows twice",
      meaning: """
        A mirror port, or a capture on several interfaces, recorded packets twice. Statistics count each once.
        """,
      evidence: [
        "equal frames within a millisecond, with the same IP identification and TTL, throughout"
      ],
      certainty: "Certain for equal frames throughout.",
      not: ["a replay", "retransmission"],
      remedies: [
        .init(
          "Mirror one direction only, or capture on one interface.",
          [.init(.shell, "tcpdump -ni DEVICE -w FILE 'host PEER'")])
      ]),
    FindingKnowledge(
      .captureTruncated, "frames are cut, or the file ends inside a packet",
      meaning: """
        Parts of packets are missing from the file. What they held is not judged, and findings that would \
        need it are not raised.
        """,
      evidence: ["frames longer on the wire than in the file, or an end inside a packet"],
      certainty: "Certain: the file states both lengths.",
      not: ["malformed packets"],
      remedies: [
        .init(
          "Capture whole frames, and end tcpdump with SIGINT.",
          [.init(.shell, "tcpdump -s 0 -U -ni DEVICE -w FILE 'host PEER'")])
      ]),
  ]
}
