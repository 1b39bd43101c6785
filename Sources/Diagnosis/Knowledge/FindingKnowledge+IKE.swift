extension FindingKnowledge {
  /// Whether IKE gets through at all.
  static let reachability: [FindingKnowledge] = [
    FindingKnowledge(
      .ikeNoAnswer, "requests leave, nothing comes back, not even ICMP",
      meaning: """
        The first request of an IKE SA was sent again and again and never answered. Something on the way \
        drops it or its answer, or the peer keeps silent to strangers.
        """,
      evidence: [
        "the same request (initiator SPI, message ID 0) three times or more at growing gaps",
        "no message back with that SPI, and no ICMP error about it",
      ],
      certainty: """
        Certain that nothing came back to this point of capture. Where it was lost takes a capture at the \
        peer's outside. The gaps name the sender: 4 s, then each 1.8 times the last, is strongSwan with its \
        defaults, which gives up after 165 s; 0.5 s doubling is libreswan, which gives up after 63.5 s.
        """,
      not: [
        "a refusal: a peer that refuses says so, or answers with ICMP",
        "proof that the peer is down: a filter between looks the same",
      ],
      remedies: [
        .init(
          "Check in this order: the peer's address; UDP 500 and 4500 both ways through every filter; that the peer has a connection for your address, as it sees it behind NAT.",
          [
            .init(.shell, "tcpdump -ni any 'host PEER and udp and (port 500 or port 4500)'"),
            .init(.nftables, "nft list ruleset"),
            .init(
              .nftables, "nft add rule inet filter input udp dport '{ 500, 4500 }' accept"),
          ]),
        .init(
          "On the peer, see whether the request arrives and which connection it would take.",
          [.init(.shell, "swanctl --list-conns"), .init(.shell, "ipsec status")]),
      ]),
    FindingKnowledge(
      .ikeRefusedICMP, "ICMP unreachable answers a request",
      meaning: """
        A host on the way, or the peer itself, says that IKE does not get through. Who says it and the code \
        tell why: port unreachable from the peer is a host without an IKE daemon on that port; prohibited \
        is a filter that says so; host or network unreachable is routing.
        """,
      evidence: ["an ICMP or ICMPv6 error that quotes the request, with its code and its sender"],
      certainty: """
        Certain of what was said. ICMP is not authenticated, so anyone on the path may have said it; an \
        answer of the peer to the same request speaks against it.
        """,
      not: ["silence: the path to the sender of the ICMP works in both directions"],
      remedies: [
        .init(
          "Port unreachable from the peer: start its IKE daemon, and have it listen on that address.",
          [.init(.shell, "ss -ulpn 'sport = :500 or sport = :4500'")]),
        .init("Prohibited: the sender of the ICMP filters; allow UDP 500 and 4500 there."),
        .init(
          "Host or network unreachable: look at the routes, here and at the sender of the ICMP.",
          [.init(.shell, "ip route get PEER")]),
      ]),
    FindingKnowledge(
      .ikeReplyIgnored, "valid replies are in the capture, yet the request is sent again",
      meaning: """
        The peer answers and the answer reaches this point, but the daemon that asked does not get it. What \
        drops it sits between the point of capture and the daemon, most often on the same machine.
        """,
      evidence: [
        "a response with the request's SPIs and message ID that parses",
        "the same request again, after the response",
      ],
      certainty: """
        Certain where the capture was taken on the machine that asks. From a capture further out, the rest \
        of the way to it may have lost the answer.
        """,
      not: [
        "an unreachable peer: it answered",
        "loss on the way to the peer",
      ],
      remedies: [
        .init(
          "Compare the reply's destination address and port with the request's source: they must be equal."
        ),
        .init(
          "Look for a local filter or connection tracking that drops the reply, and for a second IKE daemon that has the port.",
          [
            .init(.nftables, "nft list ruleset"),
            .init(.shell, "conntrack -L -p udp --dport 500"),
            .init(.shell, "ss -ulpn 'sport = :500 or sport = :4500'"),
          ]),
        .init(
          "Reverse path filtering drops answers that come in by another interface.",
          [.init(.shell, "sysctl net.ipv4.conf.all.rp_filter")]),
      ]),
  ]

  /// IKE_SA_INIT, and IKEv1's first exchange.
  static let negotiation: [FindingKnowledge] = [
    FindingKnowledge(
      .ikeProposalMismatch, "NO_PROPOSAL_CHOSEN to an IKE_SA_INIT or IKEv1 phase 1",
      meaning: """
        The peer takes none of the offered suites for the IKE SA; some peers also answer so when they have \
        no connection for the address that asks.
        """,
      evidence: [
        "NO_PROPOSAL_CHOSEN in answer to the first request; the responder's SPI is 0",
        "what was offered, transform by transform",
        "where there is one: a suite that the same peer accepted in another attempt",
      ],
      certainty: """
        Certain that it was refused. Which transform is at fault is possible only, until another attempt \
        with the same peer succeeds or a probe tries the transforms one by one.
        """,
      not: [
        "a wrong pre-shared key or certificate: authentication has not begun",
        "a matter of the ESP suite or of the traffic selectors",
      ],
      remedies: [
        .init(
          "Give both sides one common suite, in the same words: encryption, integrity (none with an AEAD cipher), PRF and key exchange must all match.",
          [
            .init(.swanctl, "connections.NAME.proposals = aes256gcm16-prfsha384-ecp384"),
            .init(.libreswan, "ike=aes_gcm256-sha2_384-dh20"),
            .init(.swanctl, "connections.NAME.proposals = aes256-sha256-modp2048"),
            .init(.libreswan, "ike=aes256-sha2_256-modp2048"),
          ]),
        .init(
          "The refusing side logs both lists: strongSwan \"received proposals\" and \"configured proposals\", libreswan \"no proposal chosen\" with what it was sent.",
          [
            .init(.shell, "journalctl -u strongswan | grep -i proposal"),
            .init(.shell, "journalctl -u ipsec | grep -i proposal"),
          ]),
      ]),
    FindingKnowledge(
      .ikeProposalPosition, "a suite is accepted early in the list and refused late in it",
      meaning: """
        The peer reads only the first proposals of a request, eight in some products, and never sees the one \
        that it would take.
        """,
      evidence: [
        "a request with nine proposals or more is refused",
        "the same suite is accepted alone, or further up in the list",
      ],
      certainty: "Likely: both observations are needed, from the same peer.",
      not: ["a suite that the peer lacks"],
      remedies: [
        .init(
          "Put the suite that both have first, or send fewer proposals; a list of algorithms within one proposal counts as one.",
          [
            .init(
              .swanctl, "connections.NAME.proposals = aes256-aes128-sha256-modp2048-ecp256"),
            .init(.libreswan, "ike=aes256-sha2_256-modp2048"),
          ])
      ]),
    FindingKnowledge(
      .ikeKELoop,
      "INVALID_KE_PAYLOAD more than twice, or the same group offered again",
      meaning: """
        The responder asks for another key exchange method than the one whose public value it was sent, and \
        the initiator does not follow, or follows and is sent back. No IKE SA comes of it.
        """,
      evidence: [
        "INVALID_KE_PAYLOAD names a method, more than twice for one initiator",
        "or a request behind it with the same method as before",
      ],
      certainty: "Certain from the messages alone.",
      not: [
        "one INVALID_KE_PAYLOAD and one retry with the method it names: that is normal",
        "a fault of the encryption or integrity algorithms",
      ],
      remedies: [
        .init(
          "Make the method that the responder asks for the first on both sides. 14 is modp2048, 19 ecp256, 20 ecp384, 31 x25519.",
          [
            .init(.swanctl, "connections.NAME.proposals = aes256gcm16-prfsha256-modp2048"),
            .init(.libreswan, "ike=aes_gcm256-sha2_256-modp2048"),
          ])
      ]),
    FindingKnowledge(
      .ikeVersion, "the peer speaks the other major version only",
      meaning: """
        One side speaks IKEv2, the other IKEv1 only, or the reverse. They share ports and nothing else.
        """,
      evidence: [
        "INVALID_MAJOR_VERSION",
        "or an answer, or only requests, with the other major version in the header",
      ],
      certainty: """
        Certain with an answer of the other version. INVALID_MAJOR_VERSION is not authenticated, but \
        nothing else explains it well.
        """,
      not: ["a refused suite", "a wrong key"],
      remedies: [
        .init(
          "Upgrade the side that speaks IKEv1: RFC 9395 has moved it to historic. Then say IKEv2 on both; libreswan before 5 writes ikev2=yes.",
          [
            .init(.swanctl, "connections.NAME.version = 2"),
            .init(.libreswan, "keyexchange=ikev2"),
          ]),
        .init(
          "Until then, IKEv1 on both sides; libreswan before 5 writes ikev2=no.",
          [
            .init(.swanctl, "connections.NAME.version = 1"),
            .init(.libreswan, "keyexchange=ikev1"),
          ]),
      ]),
    FindingKnowledge(
      .ikeCookie, "a COOKIE round: the peer is alive and defends itself",
      meaning: """
        The responder wants the initiator to prove its address before it works for it (RFC 7296 section \
        2.6). It costs one round trip. The peer has many half-open SAs, or asks everyone.
        """,
      evidence: [
        "N(COOKIE) with responder SPI 0, then the request again with that cookie in front"
      ],
      certainty: "Certain.",
      not: ["an error: a health check has to count it as an answer"],
      remedies: [
        .init(
          "Nothing, where the exchange goes on. If it appears on a quiet gateway, see where its half-open SAs come from.",
          [.init(.shell, "swanctl --stats"), .init(.shell, "ipsec globalstatus")])
      ]),
    FindingKnowledge(
      .ikeCookieLoop, "cookies answered by cookies, or a retry without one",
      meaning: """
        The initiator sends the cookie back and gets a new one each time, or repeats its request without it. \
        The responder does not recognise its own cookie, or never sees it.
        """,
      evidence: [
        "more than three cookies to one initiator, each returned",
        "or a cookie, then a request without one",
      ],
      certainty: """
        Certain of the loop. Its cause is possible only: a NAT that changes the initiator's address or \
        port between tries, several machines behind one address that do not share their secret, or a \
        secret that changes too fast.
        """,
      not: ["a refusal"],
      remedies: [
        .init(
          "See whether the initiator's address and port stay the same as the responder sees them, and whether one machine answers each try."
        ),
        .init(
          "Raise the threshold for cookies on the responder if the load is real.",
          [
            .init(.strongswan, "charon.cookie_threshold = 300"),
            .init(.libreswan, "ddos-mode=auto"),
          ]),
      ]),
  ]
}
