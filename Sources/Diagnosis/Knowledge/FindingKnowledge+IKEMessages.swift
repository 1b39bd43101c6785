extension FindingKnowledge {
  /// IKE_AUTH and what precedes it: messages that are large, and what they prove.
  static let largeMessages: [FindingKnowledge] = [
    FindingKnowledge(
      .ikeAuthFragLost,
      "a message sent as IP fragments stays unanswered, small ones are answered",
      meaning: """
        The message was larger than the path MTU, IP cut it up, and some device drops fragments. Certificates \
        make IKE_AUTH that large.
        """,
      evidence: [
        "IKE_SA_INIT was answered",
        "a later request of the same SA is one datagram in several IP fragments, sent again, unanswered",
        "IKEV2_FRAGMENTATION_SUPPORTED is missing from at least one side",
      ],
      certainty: """
        Likely from one side. Certain with a capture at the other end that shows the first fragments alone.
        """,
      not: [
        "an authentication error: the peer has not seen the message, so it has judged nothing"
      ],
      remedies: [
        .init(
          "Let IKE fragment for itself (RFC 7383), on both sides.",
          [
            .init(.swanctl, "connections.NAME.fragmentation = yes"),
            .init(.libreswan, "fragmentation=yes"),
            .init(.cisco, "crypto ikev2 fragmentation mtu 1200"),
          ]),
        .init(
          "A Windows server needs EnableServerFragmentation = 1 (DWORD) below HKLM\\SYSTEM\\CurrentControlSet\\Services\\RemoteAccess\\Parameters\\Ikev2."
        ),
        .init(
          "Make the message smaller: ECDSA certificates, the end certificate alone without its chain."
        ),
      ]),
    FindingKnowledge(
      .ikeSKFIncomplete, "a set of IKE fragments never becomes whole",
      meaning: """
        A message went out as IKE fragments (RFC 7383) and some of them never passed the point of capture, \
        in any of the retransmissions.
        """,
      evidence: [
        "fragments n of m with one message ID, some numbers never seen",
        "the whole set again, or no answer",
      ],
      certainty: """
        Certain that they did not pass here. The same number missing each time points to its size; \
        changing numbers point to loss.
        """,
      not: ["an authentication error: nobody has read the message"],
      remedies: [
        .init(
          "Make the fragments smaller on the side that sends them; strongSwan's default is 1280 bytes.",
          [
            .init(.strongswan, "charon.fragment_size = 1152"),
            .init(.strongswan, "charon.fragment_size = 576"),
          ]),
        .init("Find what drops large packets on UDP 4500 between the two ends."),
      ]),
    FindingKnowledge(
      .ikeLargeUnanswered, "a complete large message stays unanswered, small ones are answered",
      meaning: """
        The message passed this point whole, its fragments included, yet the peer answers only small ones. It \
        is lost further on, or the peer drops it.
        """,
      evidence: [
        "the message with its bytes and fragments, sent again, never answered",
        "small messages of the same SA that were answered",
      ],
      certainty: """
        Likely: size and silence go together, and the path behind the point of capture is not seen. An \
        earlier answer from the peer rules out that it is down.
        """,
      not: [
        "proof of a bad credential: that is answered with AUTHENTICATION_FAILED",
        "fragments lost before this point: they all passed",
      ],
      remedies: [
        .init(
          "Capture at the peer's outside. If the message is missing or incomplete there, send it smaller.",
          [
            .init(.strongswan, "charon.fragment_size = 1152"),
            .init(.swanctl, "connections.NAME.fragmentation = yes"),
            .init(.libreswan, "fragmentation=yes"),
          ]),
        .init(
          "A large first message, as with ML-KEM-1024 alone (1,804 bytes): start with x25519 and add ML-KEM through IKE_INTERMEDIATE (RFC 9370), where fragments are possible.",
          [
            .init(
              .swanctl, "connections.NAME.proposals = aes256gcm16-prfsha384-x25519-ke1_mlkem768")
          ]
        ),
        .init("If it arrives whole, the peer's log says what it does with it."),
      ]),
    FindingKnowledge(
      .ikeAuthFailed, "AUTHENTICATION_FAILED, or what looks like it",
      meaning: """
        One side does not accept who the other says it is: identity, pre-shared key, certificate, its chain, \
        its dates, or the signature.
        """,
      evidence: [
        "with keys: AUTHENTICATION_FAILED in IKE_AUTH, or in an INFORMATIONAL right behind it",
        "without keys: IKE_AUTH answered by one short message, and then the end",
      ],
      certainty: """
        Certain with keys, likely by shape without: other refusals in IKE_AUTH are as short. The reason \
        stands in the refusing side's log and nowhere else, on purpose.
        """,
      not: [
        "a mismatch of proposals: NO_PROPOSAL_CHOSEN would have come an exchange earlier",
        "a wrong key exchange or a damaged packet: the message was opened before it was refused",
      ],
      remedies: [
        .init("Read the log of the side that refused; it is the only place with the reason."),
        .init(
          "Compare identities, type and spelling: what one side sends as its own is what the other must expect.",
          [
            .init(.swanctl, "connections.NAME.local.id = vpn.example.com"),
            .init(.swanctl, "connections.NAME.remote.id = peer.example.com"),
            .init(.libreswan, "leftid=@vpn.example.com"),
            .init(.libreswan, "rightid=@peer.example.com"),
          ]),
        .init(
          "Pre-shared key: the same bytes on both sides, filed under both identities. Certificates: the clock, the dates, the issuer, and the identity as a subjectAltName.",
          [
            .init(.shell, "swanctl --list-certs"),
            .init(.shell, "ipsec listall"),
            .init(.shell, "date -u"),
          ]),
      ]),
    FindingKnowledge(
      .ikeIntermediateSkipped, "IKE_INTERMEDIATE negotiated, then left out",
      meaning: """
        Both sides announced IKE_INTERMEDIATE and agreed on further key exchanges, then IKE_AUTH came without \
        them. The two derive different keys, and authentication cannot succeed.
        """,
      evidence: [
        "INTERMEDIATE_EXCHANGE_SUPPORTED in both IKE_SA_INIT messages, and ADDKE transforms chosen",
        "IKE_AUTH next, without IKE_INTERMEDIATE between",
      ],
      certainty: "Certain: the exchange types and message IDs are in the clear.",
      not: ["a wrong key or certificate, though it may be reported as one"],
      remedies: [
        .init("Update the initiator that leaves it out."),
        .init(
          "Until then offer no additional key exchange on one side.",
          [.init(.swanctl, "connections.NAME.proposals = aes256gcm16-prfsha384-x25519")]),
      ]),
  ]

  /// What works, yet should be better.
  static let ikeHealth: [FindingKnowledge] = [
    FindingKnowledge(
      .ikeRetransmits, "requests are answered only after retransmission",
      meaning: """
        Requests or their answers get lost, or the peer answers late. IKE copes; rekeying and liveness checks \
        get slow, and near the limit the tunnel breaks.
        """,
      evidence: [
        "requests seen more than once that were answered in the end, as a share of all",
        "the gaps between, which name the daemon that sends",
      ],
      certainty: """
        Certain of the rate. Loss and slowness look alike from one side; an answer to each copy means \
        that the answers are lost or slow, not the requests.
        """,
      not: ["a dead peer: it answered", "a reason to shorten the timeouts"],
      remedies: [
        .init(
          "Find the loss first: a policer on UDP 500 and 4500 before the peer's control plane, a busy link, a busy CPU.",
          [.init(.shell, "ping -c 100 -i 0.2 PEER")]),
        .init(
          "See how many retransmissions the daemon itself counts.",
          [.init(.shell, "swanctl --counters --all"), .init(.shell, "ipsec globalstatus")]),
      ]),
    FindingKnowledge(
      .ikeAggressivePSK, "IKEv1 aggressive mode exposes a hash of the pre-shared key",
      meaning: """
        In aggressive mode the responder sends a hash over the pre-shared key before it knows whom it talks \
        to, and in the clear. Anyone who asks, or listens, can try passwords against it offline.
        """,
      evidence: [
        "an IKEv1 aggressive mode exchange with pre-shared key authentication, and HASH_R in it"
      ],
      certainty: "Certain.",
      not: ["a broken tunnel: it works, and that is the danger"],
      remedies: [
        .init(
          "Move to IKEv2, or at least to main mode with certificates.",
          [
            .init(.swanctl, "connections.NAME.version = 2"),
            .init(.swanctl, "connections.NAME.aggressive = no"),
            .init(.libreswan, "aggressive=no"),
            .init(.cisco, "crypto isakmp aggressive-mode disable"),
          ]),
        .init("Replace the key: take it for known. A new one needs 128 random bits."),
      ]),
    FindingKnowledge(
      .ikeV1, "IKEv1 is in use",
      meaning: """
        IKEv1 has been historic since RFC 9395 (2023). It gets no new algorithms, no IKE fragments by \
        standard, and implementations drop it.
        """,
      evidence: ["messages with major version 1"],
      certainty: "Certain.",
      not: ["an error: the tunnel may work for years"],
      remedies: [
        .init(
          "Plan the move to IKEv2; both versions can stand beside each other while peers follow. libreswan before 5 writes ikev2=yes.",
          [
            .init(.swanctl, "connections.NAME.version = 2"),
            .init(.libreswan, "keyexchange=ikev2"),
          ])
      ]),
    FindingKnowledge(
      .ikeWeakCrypto, "a transform that RFC 8247 or RFC 8221 rules out was chosen",
      meaning: """
        The SA uses an algorithm that those RFCs, or RFC 9395 which updates them, give SHOULD NOT, MUST NOT \
        or the status deprecated.
        """,
      evidence: [
        "the responder's choice in the SA payload: clear in IKE_SA_INIT, with keys for ESP"
      ],
      certainty: "Certain: it is what was chosen. What was merely offered does not count.",
      not: ["a reason why a tunnel fails"],
      remedies: [
        .init(
          "Choose from what the RFCs demand; `ipsecdiag explain NAME` has the grade of each.",
          [
            .init(.swanctl, "connections.NAME.proposals = aes256gcm16-prfsha384-ecp384"),
            .init(.swanctl, "connections.NAME.children.CHILD.esp_proposals = aes256gcm16-ecp384"),
            .init(.libreswan, "ike=aes_gcm256-sha2_384-dh20"),
            .init(.libreswan, "esp=aes_gcm256"),
          ])
      ]),
    FindingKnowledge(
      .ikeHalfOpenFlood, "many half-open SAs, few completed",
      meaning: """
        Many IKE_SA_INIT requests with ever new SPIs that nobody follows up. Each costs the responder memory \
        and a key exchange.
        """,
      evidence: [
        "initiator SPIs by source, and how few reached IKE_AUTH",
        "whether the responder asks for cookies",
      ],
      certainty: """
        Certain of the numbers. Whether it is an attack, a scan or a client that restarts in a loop is \
        possible only; one source with returned cookies has a real address.
        """,
      not: ["normal reconnecting after an outage: that completes"],
      remedies: [
        .init(
          "Keep cookies and limits on.",
          [
            .init(.strongswan, "charon.cookie_threshold = 30"),
            .init(.strongswan, "charon.block_threshold = 5"),
            .init(.libreswan, "ddos-mode=auto"),
          ]),
        .init(
          "Limit a source at the filter.",
          [
            .init(
              .nftables,
              "nft add rule inet filter input udp dport 500 meter ike '{ ip saddr limit rate over 20/second }' drop"
            )
          ]),
      ]),
    FindingKnowledge(
      .ikeMalformed, "a message breaks RFC 7296's syntax",
      meaning: """
        A payload's length, count or order does not hold what it says. Receivers answer INVALID_SYNTAX or \
        drop it without a word. Or a proposal for ESP or AH has no transform of type 5 (Sequence Numbers), \
        which is mandatory: some refuse it, others read 32-bit numbers into it.
        """,
      evidence: [
        "the message, its payload and the byte at which it breaks",
        "with keys: the proposal without a transform of type 5",
      ],
      certainty: """
        Certain for what the capture holds. Cut short by the snap length, or damaged by the capture, it \
        would not count.
        """,
      not: ["a wrong key: this is read before or without decryption, or behind a valid ICV"],
      remedies: [
        .init(
          "If it comes from a daemon: update it, and report the message. If from unknown addresses: a scanner; drop it."
        )
      ]),
  ]
}
