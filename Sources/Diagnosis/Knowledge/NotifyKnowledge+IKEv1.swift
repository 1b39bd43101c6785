extension NotifyKnowledge {
  /// RFC 2408 section 3.14.1, RFC 2407 section 4.6.3, RFC 3706. Before phase 1 is complete these come in
  /// the clear and prove nothing.
  static let ikev1: [NotifyKnowledge] = [
    NotifyKnowledge(
      1, "A payload has a type that the receiver does not know.",
      by: "The receiver, in an Informational.",
      causes: ["a wrong pre-shared key: what was decrypted is noise", "an extension unknown here"],
      look: ["the pre-shared key first"]),
    NotifyKnowledge(
      4, "The receiver has no ISAKMP SA with these cookies.", by: "The receiver, in the clear.",
      causes: ["it restarted", "it deleted the SA and the DELETE was lost"],
      look: ["DPD: it ends the other side's SA", "crypto isakmp invalid-spi-recovery (Cisco IOS)"]),
    NotifyKnowledge(
      5, "The receiver does not speak the major version of the message.", by: "The responder.",
      causes: ["one side has IKEv2 only, the other IKEv1 only"],
      look: ["ipsecdiag explain ike-version"]),
    NotifyKnowledge(
      7, "The exchange is not acceptable here.", by: "The responder.",
      causes: ["aggressive mode on one side, main mode on the other"],
      look: ["connections.NAME.aggressive, aggressive="]),
    NotifyKnowledge(
      9, "A message ID that does not fit.", by: "The receiver.",
      causes: ["phase 2 begun before phase 1 ended here", "noise from a wrong key"]),
    NotifyKnowledge(
      10, "The security protocol is not acceptable.", by: "The responder.",
      causes: ["AH offered where ESP is wanted, or the reverse"]),
    NotifyKnowledge(
      11, "ESP or AH came with an SPI that the receiver does not know.",
      by: "The receiver of the packet.",
      causes: ["it restarted or deleted the SA", "the SA expired on one side only"],
      look: ["ipsecdiag explain esp-unknown-spi"]),
    NotifyKnowledge(
      13, "An attribute of the proposal is not supported.", by: "The responder.",
      causes: ["a lifetime type, a group or an encapsulation mode unknown here"],
      look: ["the attributes: ipsecdiag decode -v"]),
    NotifyKnowledge(
      14, "None of the proposals is acceptable.",
      by: "The responder: in phase 1 about the ISAKMP SA, in quick mode about ESP or AH.",
      causes: [
        "no suite in common: encryption, key length, hash, group, and the authentication method",
        "in phase 1: no connection for the address that asks",
        "in quick mode: a PFS group on one side only, or networks that differ",
        "tunnel against transport mode, or NAT traversal on one side only",
      ],
      look: [
        "both lists in the refusing side's log",
        "ipsecdiag explain ike-proposal-mismatch child-proposal-mismatch",
      ]),
    NotifyKnowledge(
      15, "A proposal cannot be read.", by: "The responder.", causes: ["a broken sender"],
      look: ["ipsecdiag decode -v"]),
    NotifyKnowledge(
      16, "A payload cannot be read.", by: "The receiver.",
      causes: [
        "a wrong pre-shared key: main mode's fifth message decrypts to noise",
        "a fragment or message cut on the way",
      ],
      look: ["the pre-shared key first"]),
    NotifyKnowledge(
      17, "The key exchange payload does not fit the group.", by: "The responder.",
      causes: ["the group is not supported here", "in quick mode: PFS on one side only"]),
    NotifyKnowledge(
      18, "The identities are not acceptable.",
      by: "The responder: in quick mode about the networks, in phase 1 about who the peer is.",
      causes: [
        "in quick mode: the networks of the two sides differ (IKEv2 says TS_UNACCEPTABLE)",
        "in phase 1: an identity that is not the expected one",
      ],
      look: ["both sides' networks, mirrored", "ipsecdiag explain child-ts-mismatch"]),
    NotifyKnowledge(
      20, "The certificate is not valid.", by: "The side that checks it.",
      causes: ["out of its dates", "not issued by a trusted authority", "revoked"],
      look: ["swanctl --list-certs", "ipsec listall"]),
    NotifyKnowledge(
      22, "No certificate of an acceptable authority.", by: "The side that checks it.",
      causes: ["the issuer's certificate is missing"]),
    NotifyKnowledge(
      23, "A HASH payload does not verify.", by: "The receiver.",
      causes: ["pre-shared keys that differ", "a message changed on the way"],
      look: ["the pre-shared key, filed under the address or identity"]),
    NotifyKnowledge(
      24, "The sender does not accept who the other claims to be.",
      by: "Either side at phase 1's end.",
      causes: [
        "pre-shared keys that differ, or none for this pair",
        "an identity that is not the expected one",
        "XAUTH: name or password refused",
      ],
      look: ["the log of the side that sent it", "ipsecdiag explain ike-auth-failed"]),
    NotifyKnowledge(
      25, "The signature does not verify.", by: "The side that checks it.",
      causes: ["another key than the certificate's", "the wrong certificate chosen"]),
    NotifyKnowledge(
      28, "No certificate that could be sent.", by: "The side that was asked."),
    NotifyKnowledge(
      29, "The exchange is not known here.", by: "The responder.",
      causes: ["mode config or XAUTH not expected", "a message of IKEv2 read as IKEv1"]),
    NotifyKnowledge(
      16384, "The SA stands.", by: "The responder of quick mode, if the commit bit was set."),
    NotifyKnowledge(
      24576, "The responder ends the SA sooner than proposed: here is its lifetime.",
      by: "The responder in quick mode or main mode.",
      causes: ["lifetimes that differ: harmless, the shorter one counts"]),
    NotifyKnowledge(
      24577,
      "Whether the sender checks what it receives on this SA for replays (RFC 2407, 4.6.3.2).",
      by: "The responder in quick mode; in IKEv2 no RFC has the like.",
      look: ["0: no replay check there, so the other side's numbers may wrap", "1: it checks"]),
    NotifyKnowledge(
      24578, "The sender has no other SA with this peer: forget the old ones.",
      by: "Either side at phase 1's end, after a start.",
      look: ["clients that share an identity throw each other out"]),
    NotifyKnowledge(
      36136, "Are you there? (RFC 3706)",
      by: "The side whose DPD delay has passed without traffic.",
      look: ["R-U-THERE-ACK with the same number must follow", "ipsecdiag explain dpd-peer-dead"]),
    NotifyKnowledge(
      36137, "I am here, with the number of the question (RFC 3706).",
      by: "The side that was asked."),
    NotifyKnowledge(
      40501, "Go to the gateway at this address instead.", by: "A Cisco concentrator in a cluster.",
      look: ["whether the new address is reachable"]),
  ]
}
