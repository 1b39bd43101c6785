extension NotifyKnowledge {
  /// RFC 7296 section 3.10.1 unless the registry names another document.
  static let ikev2 = ikev2Errors + ikev2Statuses + ikev2Extensions

  private static let ikev2Errors: [NotifyKnowledge] = [
    NotifyKnowledge(
      1, "A payload with the critical bit set has a type that the receiver does not know.",
      by: "The receiver of the request, instead of what was asked for.",
      causes: [
        "an extension that only one side has, used without asking first", "a broken sender",
      ],
      look: ["the payload type in the data, and who defined it"]),
    NotifyKnowledge(
      4, "The receiver has no IKE SA with these SPIs.",
      by: """
        Whoever gets an IKE message for an unknown SA; in the clear, so that it is a hint and no proof.
        """,
      causes: [
        "the sender of this notify restarted and lost its SAs",
        "it deleted the SA and the DELETE was lost",
        "a machine of a cluster that does not share its SAs got the message",
      ],
      look: ["ipsecdiag explain esp-unknown-spi", "liveness checks: they end the other side's SA"]),
    NotifyKnowledge(
      5, "The receiver does not speak the major version of the message.",
      by: "The responder to a first message, with its own highest version in the header.",
      causes: ["one side has IKEv2 only, the other IKEv1 only"],
      look: [
        "connections.NAME.version (swanctl.conf), ikev2= or keyexchange= (libreswan)",
        "ipsecdiag explain ike-version",
      ]),
    NotifyKnowledge(
      7, "Something in the message is malformed, or out of range; deliberately no more is said.",
      by: """
        The responder, encrypted once keys stand; to an IKE_SA_INIT in the clear, by some.
        """,
      causes: [
        "a payload that the receiver's parser does not take: an extension, a length, an order",
        "a damaged message without an ICV, that is IKE_SA_INIT",
      ],
      look: ["the receiver's log at the same second", "ipsecdiag decode -v over the message"]),
    NotifyKnowledge(
      9, "A request came with a message ID outside the window.",
      by: "The receiver, in an INFORMATIONAL of its own; rarely, as such requests are dropped.",
      causes: ["a peer that sends requests side by side beyond window 1", "a restored snapshot"],
      look: ["SET_WINDOW_SIZE", "the message IDs on both sides"]),
    NotifyKnowledge(
      11, "ESP or AH came with an SPI that the receiver does not know.",
      by: """
        The receiver of the packet: in an INFORMATIONAL of an IKE SA, or in the clear where none stands, and \
        then a hint only. The data is the SPI.
        """,
      causes: [
        "the sender of this notify restarted or deleted the SA",
        "the SA expired on one side only",
      ],
      look: ["ipsecdiag explain esp-unknown-spi", "ip xfrm state: is there such an SPI?"]),
    NotifyKnowledge(
      14, "None of the proposals is acceptable.",
      by: """
        The responder: in the clear to IKE_SA_INIT, about the IKE SA; encrypted in IKE_AUTH or \
        CREATE_CHILD_SA, about a Child SA or a rekey.
        """,
      causes: [
        "no suite in common: encryption, integrity, PRF, key exchange, for ESP also sequence numbers",
        "to IKE_SA_INIT: no connection for the address that asks",
        "at the first rekey: a key exchange in the ESP proposal of one side only",
        "the acceptable proposal stands behind those that the peer reads",
      ],
      look: [
        "both lists in the refusing side's log",
        "ipsecdiag explain ike-proposal-mismatch child-proposal-mismatch child-rekey-pfs",
      ]),
    NotifyKnowledge(
      17, "The key exchange method of the KE payload is not the one that the responder chose.",
      by: """
        The responder to IKE_SA_INIT or CREATE_CHILD_SA. The data is the method it wants; the initiator tries \
        again with that. Once is normal.
        """,
      causes: [
        "the initiator's first method is not the responder's",
        "again and again: the initiator does not support, or not offer, what is asked for",
      ],
      look: [
        "the two bytes of data: 14 is modp2048, 19 ecp256, 31 x25519",
        "ipsecdiag explain ike-ke-loop",
      ]),
    NotifyKnowledge(
      24, "The sender does not accept who the other claims to be.",
      by: """
        The responder in the IKE_AUTH response, or the initiator in an INFORMATIONAL behind it; encrypted. \
        The reason is kept from the other side.
        """,
      causes: [
        "pre-shared keys that differ, or none for this pair of identities",
        "an identity that is not the expected one, in type or spelling",
        "a certificate that is not trusted, not valid now, or without the identity in it",
        "an authentication method or signature hash that the side does not accept",
        "IKE_INTERMEDIATE left out by one side",
      ],
      look: [
        "the log of the side that sent it: the only place with the reason",
        "both IDs with keys: ipsecdiag decode --keys",
        "ipsecdiag explain ike-auth-failed",
      ]),
    NotifyKnowledge(
      34, "The responder wants one pair of addresses, not ranges, in the traffic selectors.",
      by: "The responder of a Child SA whose policy makes an SA for each pair of hosts.",
      causes: ["a policy per pair of hosts, as Windows and some appliances have it"],
      look: ["put the packet's own addresses first in TSi and TSr"]),
    NotifyKnowledge(
      35, "No more Child SAs on this IKE SA.",
      by: "The responder to CREATE_CHILD_SA.",
      causes: [
        "a minimal implementation that knows the first Child SA only: make a new IKE SA instead",
        "a limit on SAs, or a licence",
      ],
      look: ["the peer's limits", "reauthentication instead of rekeying, for such peers"]),
    NotifyKnowledge(
      36, "No address could be given out.",
      by: "The responder to a configuration request in IKE_AUTH.",
      causes: [
        "the pool is empty or missing", "RADIUS or DHCP behind it gave none",
        "IPv6 asked, IPv4 had",
      ],
      look: ["swanctl --list-pools --leases", "the responder's log"]),
    NotifyKnowledge(
      37, "The responder insists on a configuration request that the initiator did not send.",
      by: "The responder in IKE_AUTH.",
      causes: ["a remote-access connection used by a peer set up as site to site"],
      look: ["connections.NAME.vips = 0.0.0.0 (swanctl.conf)", "leftmodecfgclient=yes (libreswan)"]),
    NotifyKnowledge(
      38, "The proposed traffic selectors have nothing acceptable in them.",
      by: "The responder of a Child SA, in IKE_AUTH or CREATE_CHILD_SA; encrypted.",
      causes: [
        "the networks of the two sides differ",
        "a route-based peer wants 0.0.0.0/0 on both sides",
        "a virtual address that one side does not expect",
        "libreswan: its kernel refused the SA, the selectors are fine",
      ],
      look: ["both lists, mirrored", "ipsecdiag explain child-ts-mismatch"]),
    NotifyKnowledge(
      39, "A packet came through an SA whose traffic selectors do not cover it.",
      by: "The receiver of that packet, in an INFORMATIONAL; the data is the packet's beginning.",
      causes: [
        "NAT inside the tunnel, on the sender's side", "a sender that ignores narrowed selectors",
      ],
      look: ["addresses in the data against TSi and TSr"]),
    NotifyKnowledge(
      40, "The new addresses are not acceptable.",
      by: "The responder to UPDATE_SA_ADDRESSES (MOBIKE).",
      causes: ["a policy that ties the connection to addresses"], look: ["remote_addrs, right="]),
    NotifyKnowledge(
      41, "There is a NAT where NO_NATS_ALLOWED forbade one.",
      by: "The responder, in MOBIKE.", causes: ["a NAT on the new path"]),
    NotifyKnowledge(
      43, "Not now, try again in a little while.",
      by: "The responder to a request that crosses another: a rekey during a rekey or deletion.",
      causes: [
        "both sides rekey at once",
        "the IKE SA is being rekeyed or closed while a Child SA is asked for",
      ],
      look: ["harmless when the next try succeeds", "ipsecdiag explain child-rekey-collision"]),
    NotifyKnowledge(
      44, "The Child SA to be rekeyed does not exist here.",
      by: "The responder to CREATE_CHILD_SA with REKEY_SA.",
      causes: ["it was deleted or rekeyed from this side a moment before", "a DELETE was lost"],
      look: ["whether a new Child SA follows: if not, ESP stops at the end of the lifetime"]),
    NotifyKnowledge(
      46, "Authenticated, but not entitled to the group (G-IKEv2).",
      by: "The group controller in GSA_AUTH."),
    NotifyKnowledge(
      47, "The follow-up key exchange belongs to nothing that the responder remembers.",
      by: "The responder to IKE_FOLLOWUP_KE (RFC 9370).",
      causes: ["it came too late", "the link of ADDITIONAL_KEY_EXCHANGE was not returned"]),
    NotifyKnowledge(
      48,
      "No further Child SA for these selectors: the responder has one for each of its resources.",
      by: "The responder to CREATE_CHILD_SA with per-resource Child SAs (RFC 9611).",
      causes: ["more CPUs on one side than SAs that the other grants: harmless"]),
  ]

  private static let ikev2Statuses: [NotifyKnowledge] = [
    NotifyKnowledge(
      16384, "The sender has no other IKE SA with this peer: forget the old ones.",
      by: "Either side in IKE_AUTH, after a start.",
      causes: ["a restart, or uniqueness of connections"],
      look: [
        "clients that share an identity throw each other out: connections.NAME.unique, uniqueids"
      ]),
    NotifyKnowledge(
      16385, "How many requests the sender takes at once.", by: "Either side, in any exchange."),
    NotifyKnowledge(
      16386, "The selectors were narrowed; another Child SA could carry the rest.",
      by: "The responder of a Child SA."),
    NotifyKnowledge(
      16387, "The sender can take IPComp packets, with this CPI and algorithm.",
      by: "Both sides, where a Child SA is made; compression is used if both do."),
    NotifyKnowledge(
      16388,
      "A hash over SPIs, source address and port. Where it does not fit, the sender is behind a NAT.",
      by: "Both sides in IKE_SA_INIT; also to follow changes, in MOBIKE and liveness checks.",
      look: ["ipsecdiag explain nat-detected"]),
    NotifyKnowledge(
      16389,
      "A hash over SPIs, destination address and port. Where it does not fit, the receiver is behind a NAT.",
      by: "Both sides in IKE_SA_INIT; also to follow changes, in MOBIKE and liveness checks.",
      look: ["ipsecdiag explain nat-detected"]),
    NotifyKnowledge(
      16390, "Prove your address: send the request again with this cookie in front.",
      by: """
        The responder to IKE_SA_INIT, with SPI 0; then the initiator, as the first payload of its retry. The \
        responder keeps no state until then.
        """,
      causes: ["many half-open SAs: load or a flood", "a policy that asks everyone"],
      look: ["a sign of life, not an error", "ipsecdiag explain ike-cookie ike-cookie-loop"]),
    NotifyKnowledge(
      16391, "Transport mode instead of tunnel mode.",
      by: "The initiator of a Child SA; the responder repeats it if it agrees.",
      look: ["not repeated: the SA is in tunnel mode, and an initiator may refuse that"]),
    NotifyKnowledge(
      16392, "Certificates may be given as URL and hash.",
      by: "Either side, beside a certificate request."),
    NotifyKnowledge(
      16393, "This CREATE_CHILD_SA replaces the Child SA with the SPI given.",
      by: "The side that rekeys; the SPI is the one that it receives on.",
      look: ["without it, CREATE_CHILD_SA makes a further Child SA"]),
    NotifyKnowledge(
      16394, "The sender does not take padding for traffic flow confidentiality.",
      by: "Either side, where a Child SA is made."),
    NotifyKnowledge(
      16395, "Fragments without ports may use a Child SA that has ports in its selectors.",
      by: "Both sides, where a Child SA is made."),
    NotifyKnowledge(
      16396, "The sender supports MOBIKE: addresses of the SA may change (RFC 4555).",
      by: "Both sides in IKE_AUTH. The exchange then moves to port 4500.",
      look: ["connections.NAME.mobike, mobike="]),
    NotifyKnowledge(16397, "A further IPv4 address of the sender.", by: "Either side, in MOBIKE."),
    NotifyKnowledge(16398, "A further IPv6 address of the sender.", by: "Either side, in MOBIKE."),
    NotifyKnowledge(
      16399, "The sender has no addresses but the one in use.", by: "Either side, in MOBIKE."),
    NotifyKnowledge(
      16400, "Use the addresses of this very message for the SAs from now on.",
      by: "The original initiator, in an INFORMATIONAL (MOBIKE).",
      look: ["the outer addresses of ESP on both sides afterwards"]),
    NotifyKnowledge(
      16401, "Return this: it proves that the new address is reached.",
      by: "Either side, in MOBIKE's return routability check."),
    NotifyKnowledge(
      16403, "Authenticate again within so many seconds, or the SA ends (RFC 4478).",
      by: "The responder, in IKE_AUTH or an INFORMATIONAL.",
      look: ["a tunnel that ends at the same age each time"]),
    NotifyKnowledge(
      16404, "More than one authentication is possible (RFC 4739).", by: "Both sides."),
    NotifyKnowledge(
      16406, "The sender can be sent to another gateway (RFC 5685).",
      by: "The initiator in IKE_SA_INIT."),
    NotifyKnowledge(
      16407, "Go to the gateway named here instead.",
      by: "The responder, in IKE_SA_INIT, IKE_AUTH or an INFORMATIONAL.",
      causes: ["load balancing", "maintenance"],
      look: ["whether the new address is reachable and trusted"]),
    NotifyKnowledge(16408, "The gateway that sent the initiator here.", by: "The initiator."),
    NotifyKnowledge(
      16417, "The responder need not show a certificate: EAP proves both sides (RFC 5998).",
      by: "The initiator in IKE_AUTH."),
    NotifyKnowledge(
      16418, "An IKE SA without a Child SA is possible (RFC 6023).",
      by: "The responder in IKE_SA_INIT."),
    NotifyKnowledge(
      16419, "A token by which a restarted peer can prove that its SAs are gone (RFC 6290).",
      by: "Either side: first encrypted, later in the clear beside INVALID_IKE_SPI."),
    NotifyKnowledge(
      16422, "Message IDs are set anew after a failover (RFC 6311).",
      by: "The machine that took over."),
    NotifyKnowledge(
      16423, "Sequence numbers of ESP jump by this much after a failover (RFC 6311).",
      by: "The machine that took over."),
  ]

  private static let ikev2Extensions: [NotifyKnowledge] = [
    NotifyKnowledge(
      16430, "The sender can take IKE messages in fragments of IKE's own (RFC 7383).",
      by: "Both sides in IKE_SA_INIT; fragments are used from IKE_AUTH on if both do.",
      look: [
        "missing on one side: large messages go as IP fragments",
        "connections.NAME.fragmentation, fragmentation=", "ipsecdiag explain ike-auth-frag-lost",
      ]),
    NotifyKnowledge(
      16431, "The hashes that the sender takes in signatures (RFC 7427).",
      by: "Both sides in IKE_SA_INIT.",
      look: ["missing: RSA signatures fall back to SHA-1, which many refuse"]),
    NotifyKnowledge(
      16434, "Solve this puzzle before I work for you (RFC 8019).", by: "The responder, under load."
    ),
    NotifyKnowledge(
      16435, "A post-quantum pre-shared key is to be mixed in (RFC 8784).",
      by: "Both sides in IKE_SA_INIT.", look: ["connections.NAME.ppk_id, ppk="]),
    NotifyKnowledge(
      16436, "Which post-quantum pre-shared key is used.",
      by: "The initiator in IKE_AUTH; the responder, empty, if it has that key.",
      look: ["not answered: the responder has no such key, and the SA stands without it or fails"]),
    NotifyKnowledge(
      16437, "Authentication without the post-quantum key, should the peer not have it.",
      by: "The initiator in IKE_AUTH, where the key is not required."),
    NotifyKnowledge(
      16438, "IKE_INTERMEDIATE exchanges are possible before IKE_AUTH (RFC 9242).",
      by: "Both sides in IKE_SA_INIT; needed for additional key exchanges such as ML-KEM.",
      look: ["intermediate=yes (libreswan 5)", "ipsecdiag explain ike-intermediate-skipped"]),
    NotifyKnowledge(
      16441, "Ties IKE_FOLLOWUP_KE to the CREATE_CHILD_SA that it belongs to (RFC 9370).",
      by: "The responder to CREATE_CHILD_SA; the initiator returns it."),
    NotifyKnowledge(
      16442, "The Child SA carries AGGFRAG payloads: IP-TFS (RFC 9347).",
      by: "Both sides, where a Child SA is made."),
    NotifyKnowledge(
      16443, "The authentication methods that the sender takes (RFC 9593).",
      by: "The responder in IKE_SA_INIT or IKE_INTERMEDIATE, the initiator in IKE_AUTH."),
    NotifyKnowledge(
      16444,
      "This Child SA is one of several with equal selectors, for one CPU or queue (RFC 9611).",
      by: "Either side in CREATE_CHILD_SA.", look: ["several SPIs with equal selectors: no fault"]),
    NotifyKnowledge(
      16445, "A post-quantum pre-shared key is mixed in by IKE_INTERMEDIATE (RFC 9867).",
      by: "Both sides in IKE_SA_INIT."),
    NotifyKnowledge(
      16446, "Which post-quantum pre-shared key, with a proof of having it (RFC 9867).",
      by: "The initiator in IKE_INTERMEDIATE; the responder names the one it took."),
    NotifyKnowledge(
      16447, "The whole first exchange goes into authentication, against downgrades (draft).",
      by: "Both sides in IKE_SA_INIT."),
    NotifyKnowledge(
      50799,
      "Whether the sender checks for replays, by the name of the draft's first version. Experimental: this number is ipsecdiag's own choice.",
      by: "Either side, where a Child SA is made.",
      look: ["REPLAY_PROT_AND_ESN_STATUS (50800): the same data", "ipsecdiag explain anti-replay"]),
    NotifyKnowledge(
      50800,
      "Whether the sender checks for replays on the SA that it will receive on, and whether it can follow extended sequence numbers (ESN) though it does not. It tells, and negotiates nothing. Experimental: the draft has expired; this number and the layout (one octet: 0x80 protection on, 0x40 ESN without it) are ipsecdiag's own choice.",
      by: "Either side in IKE_AUTH and CREATE_CHILD_SA, beside the SA payload.",
      causes: [
        "protection off on purpose: many paths, priority queues, many cores",
        "a window of 0 in the configuration",
      ],
      look: [
        "0x80 missing: old packets sent again are taken again; replay_window, replay-window=",
        "neither bit, with 64-bit numbers agreed on: the receiver will lose count; agree on 32-bit ones",
        "ipsecdiag explain anti-replay",
      ]),
    NotifyKnowledge(
      50801,
      "ESP echo in the merged format is answered. Experimental: this number is ipsecdiag's own choice.",
      by: "Both sides in IKE_AUTH: from then on silence of an echo means a broken data path.",
      look: [
        "ipsecdiag explain esp-echo", "another number on the other side: ipsecdiag ping --notify",
      ]),
    NotifyKnowledge(
      50802,
      "ESP echo in the format of the drafts up to -04 is answered. Experimental: this number is ipsecdiag's own choice.",
      by: "Both sides in IKE_AUTH.", look: ["ipsecdiag explain esp-echo"]),
  ]
}
