# S21: a router with two classes of service lets EF overtake best effort; the receiver's window is
# too small for that.

# One queue, or EF first. 700 kbit/s are some 700 of these packets a second.
one_queue() {
  tc -n r qdisc add dev to-b root handle 1: tbf rate "$rate" burst 400 latency 3s
}
two_classes() {
  one_queue
  tc -n r qdisc add dev to-b parent 1:1 handle 10: prio bands 2 priomap 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
  tc -n r qdisc add dev to-b parent 10:1 pfifo limit 2000
  tc -n r qdisc add dev to-b parent 10:2 pfifo limit 2000
  tc -n r filter add dev to-b parent 10: protocol ip u32 match ip tos 0xb8 0xfc flowid 10:1
}

# reordering NAME STATE QUEUES SUITE WINDOW COUNTER EXTRA CONTENT [TCPDUMP'S WORDS...]
reordering() {
  local state=$2 queues=$3 window=$5 counter=$6 content=$8 facts dropped finding=''
  name=$1
  [ "$state" = fault ] && finding=replay-window-too-small
  network
  $queues
  tunnels "$4" "$7"
  capture b "$name" eth0 "${@:9}"
  ip netns exec b python3 "$lab/traffic.py" sink 7001 3 &
  sleep 0.3
  in_host a python3 "$lab/traffic.py" classes "${inner[b]}" "$largest"
  wait $!
  end_captures
  states b "$name"
  counters b "$name"
  facts=$(sequences "$name" a "$window")
  dropped=$(counted b "$counter")
  [ "${facts##* }" = "$dropped" ] ||
    say "failed $name: the kernel counted $dropped, the capture says ${facts##* }"
  [ "$state" = healthy ] && [ "$dropped" -gt 0 ] && say "failed $name: not healthy"
  [ "$state" = fault ] && [ "$dropped" -lt 40 ] && say "failed $name: too few packets late"
  row "$name" S21 "$state" "$finding" \
    "$content Captured at the receiver B: ${facts% *}. B's kernel counted $dropped as $counter." \
    "$name.xfrm_state"
}

largest=220
rate=700kbit
sent="A sends 1600 EF packets at 500 a second and bursts of 6 to 220 best-effort packets on one SA"
first="$sent; the router lets EF overtake (tbf 700 kbit/s with prio)."
late="later than the window fails its ICV under ESN instead of counting as a replay"
reordering reorder-window-64 fault two_classes aes128gcm16 64 XfrmInStateSeqError "replay-window 64" \
  "$first The receiver's window is 64. AES-128-GCM-16; frames cut to 66 bytes (ESP header and IV)." -s 66
reordering reorder-window-32 fault two_classes null-sha256 32 XfrmInStateSeqError "replay-window 32" \
  "$first The receiver's window is 32. NULL with HMAC-SHA2-256-128; frames whole."
reordering reorder-esn-window-64 fault two_classes null-sha256 64 XfrmInStateProtoError \
  "replay-window 64 flag esn" \
  "$first ESN and window 64: what comes $late. NULL with HMAC-SHA2-256-128; frames whole."
reordering reorder-esn-window-128 fault two_classes null-sha256 128 XfrmInStateProtoError \
  "replay-window 128 flag esn" \
  "$first ESN and window 128: what comes $late. NULL with HMAC-SHA2-256-128; frames whole."
reordering reorder-window-1024 healthy two_classes null-sha256 1024 XfrmInStateSeqError \
  "replay-window 1024" \
  "$first The receiver's window is 1024 and holds it all: healthy to those who know the window from the key file. NULL with HMAC-SHA2-256-128; frames whole."
reordering reorder-none healthy one_queue null-sha256 64 XfrmInStateSeqError "replay-window 64" \
  "$sent; the router has one queue. The receiver's window is 64. NULL with HMAC-SHA2-256-128; frames whole."

largest=12
rate=600kbit
reordering reorder-within-window healthy two_classes null-sha256 64 XfrmInStateSeqError \
  "replay-window 64" \
  "A sends 1600 EF packets at 500 a second and bursts of 6 to 12 best-effort packets on one SA; the router lets EF overtake. The receiver's window is 64 and holds it all. NULL with HMAC-SHA2-256-128; frames whole."
