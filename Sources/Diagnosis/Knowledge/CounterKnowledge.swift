/// What a counter of /proc/net/xfrm_stat tells. The file counts packets that the kernel dropped, for a
/// network namespace and not for an SA (Documentation/networking/xfrm_proc.rst, include/uapi/linux/snmp.h).
package struct CounterKnowledge: Sendable {
  package let name: String
  /// What the kernel could not do, in one line.
  package let meaning: String
  /// The likeliest first.
  package let causes: [String]
  /// Commands.
  package let look: [String]

  init(_ name: String, _ meaning: String, causes: [String], look: [String]) {
    self.name = name
    self.meaning = meaning
    self.causes = causes
    self.look = look
  }

  var topic: Topic {
    Topic(
      .counter, name, summary: meaning,
      [
        .init(.meaning, .text("Packets dropped: \(meaning).")), .init(.causes, .list(causes)),
        .init(.look, .commands(look)),
      ])
  }

  private static let states = "ip -s xfrm state"
  private static let policies = "ip -s xfrm policy"
  private static let watch = "watch -d -n 1 grep -vw 0 /proc/net/xfrm_stat"

  /// In the kernel's order within each direction.
  package static let all: [CounterKnowledge] = inbound + outbound

  private static let inbound: [CounterKnowledge] = [
    CounterKnowledge(
      "XfrmInError", "an inbound error that no other counter covers",
      causes: ["no memory for the record of the SAs that a packet has passed"],
      look: [watch, "free -m"]),
    CounterKnowledge(
      "XfrmInBufferError", "no room left while an inbound packet was processed",
      causes: [
        "memory is short",
        "a packet wrapped more than six times (ESP in ESP and so on)",
      ],
      look: ["free -m", states]),
    CounterKnowledge(
      "XfrmInHdrError", "an inbound header could not be read",
      causes: [
        "packets cut short or damaged on the way",
        "an inner packet that breaks behind a good ICV: the peer's fault",
        "a scanner that sends what is no ESP",
      ],
      look: ["tcpdump -ni any -vv 'esp or ah or udp port 4500'"]),
    CounterKnowledge(
      "XfrmInNoStates", "no SA for the SPI, address and protocol of an inbound packet",
      causes: [
        "the peer uses an SA that is gone here: one side restarted, or a DELETE was lost",
        "the SA expired here and not there",
        "the SA stands but its mark or if_id does not fit the packet's",
        "the last packets of an SA just rekeyed: a few, and harmless",
      ],
      look: [
        states, "tcpdump -ni any esp    # compare the SPIs",
        "ipsecdiag explain esp-unknown-spi",
      ]),
    CounterKnowledge(
      "XfrmInStateProtoError", "ESP or AH itself failed: ICV or decryption",
      causes: [
        "the keys differ: two daemons, a stale SA, a manual key",
        "HMAC-SHA-256 cut to 96 bits on one side and 128 on the other",
        "extended sequence numbers on one side only, or the window lost track of the upper half",
        "packets damaged on the way, or by an offload",
      ],
      look: [states, "ipsecdiag explain esp-icv-len", "ethtool -k DEVICE | grep esp"]),
    CounterKnowledge(
      "XfrmInStateModeError", "the inner packet does not fit the SA's mode",
      causes: [
        "one side has transport mode, the other tunnel mode",
        "an inner packet of an address family that the SA does not carry",
        "a tunnel whose outer header cannot be taken off",
      ],
      look: [states]),
    CounterKnowledge(
      "XfrmInStateSeqError", "the sequence number is behind the replay window, or seen before",
      causes: [
        "reordering beyond the window: QoS classes, several paths or cores",
        "duplicates made in the network",
        "a replay",
        "two senders on one SA, as in a failover pair without shared counters",
      ],
      look: [
        "ip -s xfrm state    # replay-window, stats: replay",
        "ipsecdiag explain replay-window-too-small",
      ]),
    CounterKnowledge(
      "XfrmInStateExpired", "the SA's lifetime had ended",
      causes: [
        "a rekey failed or came too late, and the hard limit was reached",
        "a byte or packet limit, met sooner than the rekey was planned",
        "the clock jumped",
      ],
      look: [states, "ipsecdiag explain child-rekey-pfs"]),
    CounterKnowledge(
      "XfrmInStateMismatch", "the packet came in another form than the SA expects",
      causes: [
        "ESP in UDP was expected and plain ESP came, or the reverse: NAT seen by one side only",
        "the NAT or its detection changed after the SA was made",
        "the inner addresses do not fit the SA's selector",
      ],
      look: [
        "ip xfrm state    # encap type espinudp, sel",
        "tcpdump -ni any 'esp or udp port 4500'",
      ]),
    CounterKnowledge(
      "XfrmInStateInvalid", "the SA was not valid: being made, dead, or in error",
      causes: [
        "packets while the SA is being deleted",
        "packets before the SA is complete",
        "an SA that a device's offload has given up",
      ],
      look: [states, "ip xfrm monitor"]),
    CounterKnowledge(
      "XfrmInTmplMismatch", "the SAs used are not those that the policy asks for",
      causes: [
        "the policy's mode, addresses or reqid differ from the SA's",
        "an old policy of a former connection still matches first",
        "NAT or a mark changes the packet before the policy is looked up",
      ],
      look: [policies, states, "nft list ruleset"]),
    CounterKnowledge(
      "XfrmInNoPols", "a packet came through an SA and no policy allows it",
      causes: [
        "the traffic selectors are narrower than what the peer sends",
        "policies are missing: installed by one daemon, flushed by another",
        "NAT or a mark changes the packet before the policy is looked up",
        "a VTI or XFRM interface with the wrong key or if_id",
      ],
      look: [policies, "swanctl --list-pols", "ip -d link show type xfrm"]),
    CounterKnowledge(
      "XfrmInPolBlock", "a policy says block",
      causes: [
        "a drop or trap-and-block policy for traffic that came unprotected",
        "traffic of the tunnel that arrives in the clear: the peer lost its SA or routes around",
      ],
      look: [policies]),
    CounterKnowledge(
      "XfrmInPolError", "an inbound policy could not be applied",
      causes: ["memory is short", "a policy that names a security context which refuses"],
      look: [policies, "dmesg | tail"]),
    CounterKnowledge(
      "XfrmFwdHdrError", "a packet to be forwarded could not be read for its policy",
      causes: [
        "packets that are not to be forwarded, or are cut: mostly harmless",
        "no route onward for a packet that was decrypted",
      ],
      look: [watch, "ip route get DESTINATION from SOURCE iif DEVICE"]),
    CounterKnowledge(
      "XfrmAcquireError", "the packet's SA is still being negotiated",
      causes: [
        "the negotiation is under way, or fails again and again: see what IKE says",
        "the peer uses a new SA before it is complete here: a few packets, harmless",
        "no daemon takes the kernel's request for an SA",
      ],
      look: ["ip xfrm monitor acquire", "swanctl --list-sas", "ipsec status"]),
    CounterKnowledge(
      "XfrmInStateDirError", "an outbound SA was found on the way in (Linux 6.10 and later)",
      causes: [
        "an SA installed with the wrong direction",
        "an SPI that the peer chose equals one of ours, with addresses that fit both",
      ],
      look: ["ip xfrm state    # dir in, dir out"]),
    CounterKnowledge(
      "XfrmInIptfsError",
      "an AGGFRAG payload (IP-TFS, RFC 9347) could not be taken apart (Linux 6.14)",
      causes: [
        "the peer does not send AGGFRAG on this SA",
        "payloads lost or late, beyond the reorder window",
      ],
      look: [states]),
  ]

  private static let outbound: [CounterKnowledge] = [
    CounterKnowledge(
      "XfrmOutError", "an outbound error that no other counter covers",
      causes: [
        "memory is short",
        "a checksum or segmentation that failed before encryption",
        "the device cannot take the packet",
      ],
      look: [watch, "dmesg | tail"]),
    CounterKnowledge(
      "XfrmOutBundleGenError",
      "the SAs and routes for an outbound packet could not be put together",
      causes: [
        "no route to the tunnel's other end",
        "memory is short",
      ],
      look: ["ip route get PEER", policies]),
    CounterKnowledge(
      "XfrmOutBundleCheckError", "what was put together for an outbound packet is no longer valid",
      causes: [
        "routes or SAs changed while packets waited",
        "a route to the peer through the tunnel itself",
      ],
      look: ["ip route get PEER", "ip monitor route"]),
    CounterKnowledge(
      "XfrmOutNoStates", "a policy asks for an SA and there is none",
      causes: [
        "the tunnel is down and its negotiation fails",
        "the SA expired without a rekey",
        "an old policy of a former connection still matches first",
        "reqid, mark or if_id of policy and SA differ",
      ],
      look: [policies, states, "ip xfrm monitor acquire"]),
    CounterKnowledge(
      "XfrmOutStateProtoError", "ESP or AH itself failed while it was made",
      causes: [
        "the cipher's driver or an offload reports an error",
        "memory is short",
      ],
      look: ["cat /proc/crypto", "ethtool -k DEVICE | grep esp", "dmesg | tail"]),
    CounterKnowledge(
      "XfrmOutStateModeError", "the packet could not be brought into the SA's mode",
      causes: [
        "an inner packet of an address family that the SA does not carry",
        "an inner packet too big, with DF set: see the path MTU",
      ],
      look: [states, "ip route get DESTINATION"]),
    CounterKnowledge(
      "XfrmOutStateSeqError", "the sequence numbers of the SA are used up",
      causes: [
        "no extended sequence numbers, and the rekey comes too late for the rate",
        "the rekey fails",
      ],
      look: [states, "ipsecdiag explain esp-seq-wrap"]),
    CounterKnowledge(
      "XfrmOutStateExpired", "the SA's lifetime had ended",
      causes: [
        "a rekey failed or came too late, and the hard limit was reached",
        "a byte or packet limit, met sooner than the rekey was planned",
        "the clock jumped",
      ],
      look: [states, "ipsecdiag explain child-rekey-pfs"]),
    CounterKnowledge(
      "XfrmOutPolBlock", "a policy says block",
      causes: [
        "a drop policy, as some daemons install while a tunnel is down",
        "a policy of higher priority than the tunnel's",
      ],
      look: [policies]),
    CounterKnowledge(
      "XfrmOutPolDead", "the policy was being deleted",
      causes: ["packets while connections are reloaded: harmless in small numbers"],
      look: ["ip xfrm monitor policy"]),
    CounterKnowledge(
      "XfrmOutPolError", "an outbound policy could not be applied",
      causes: [
        "no SA of the right direction or form for the policy's template",
        "a policy template that cannot be met, such as one for an unreachable address",
        "memory is short",
      ],
      look: [policies, states]),
    CounterKnowledge(
      "XfrmOutStateInvalid", "the SA was not valid: being made, dead, or in error",
      causes: [
        "packets while the SA is being deleted or replaced", "an SA that expired a moment before",
      ],
      look: [states, "ip xfrm monitor"]),
    CounterKnowledge(
      "XfrmOutStateDirError", "an inbound SA was found on the way out (Linux 6.10 and later)",
      causes: [
        "an SA installed with the wrong direction",
        "a program that sets SAs by hand and reuses one for both directions",
      ],
      look: ["ip xfrm state    # dir in, dir out"]),
    CounterKnowledge(
      "XfrmOutNoQueueSpace", "the queue of an IP-TFS SA (RFC 9347) was full (Linux 6.14)",
      causes: [
        "more comes in than the SA's fixed rate or link takes away",
        "a queue that is too short for the bursts",
      ],
      look: [states, "tc -s qdisc show dev DEVICE"]),
  ]
}
