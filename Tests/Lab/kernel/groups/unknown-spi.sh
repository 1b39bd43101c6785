# S14: the receiver has lost its state, the sender goes on.

# unknown_spi NAME STATE CONTENT
unknown_spi() {
  local state=$2 content=$3 finding='' sender before
  name=$1
  [ "$state" = fault ] && finding=esp-unknown-spi
  network
  tunnels aes128gcm16 "replay-window 64"
  states b "$name"
  capture b "$name"
  # As a rebooted peer: no SA, and no policy that would ask for one.
  ip netns exec a ping -q -c 80 -i 0.2 "${inner[b]}" >/dev/null &
  sender=$!
  sleep 5
  before=$(date +%T)
  [ "$state" = fault ] && ip -n b xfrm state flush && ip -n b xfrm policy flush
  wait $sender
  end_captures
  counters b "$name"
  row "$name" S14 "$state" "$finding" \
    "A sends 80 pings in 16 seconds on SPI $(spi a), SPI $(spi b) carries the answers; $content Captured at B: A to B $(sequences "$name" a), B to A $(sequences "$name" b). B's kernel counted $(counted b XfrmInNoStates) as XfrmInNoStates. No IKE and no ICMP." \
    "$name.xfrm_state"
  [ "$state" = healthy ] || say "$name: states flushed at $before"
}

unknown_spi spi-unknown-after-restart fault \
  "five seconds after the first B loses its SAs and policies, and A goes on, unanswered."
unknown_spi spi-known healthy "B keeps its SAs."
