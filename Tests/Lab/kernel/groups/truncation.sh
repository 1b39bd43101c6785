# S24: HMAC-SHA-256 cut to 96 bits at one end, 128 at the other.

# truncation NAME STATE SUITE_AT_A CONTENT: pings both ways.
truncation() {
  local state=$2 content=$4 finding='' end
  name=$1
  [ "$state" = fault ] && finding=esp-icv-len
  network
  tunnel_as a a "$3" "replay-window 64"
  tunnel_as b b aes128-sha256 "replay-window 64"
  capture b "$name"
  ip netns exec a ping -q -c 25 -i 0.2 -s 100 "${inner[b]}" >/dev/null &
  in_host b ping -q -c 25 -i 0.2 -s 300 "${inner[a]}" >/dev/null
  wait $!
  end_captures
  for end in a b; do
    states $end "$name-of-$end"
    counters $end "$name-of-$end"
  done
  row "$name" S24 "$state" "$finding" \
    "AES-128-CBC with HMAC-SHA-256: $content 25 pings of 100 bytes from A and 25 of 300 from B within five seconds. Captured at B: A to B $(sequences "$name" a), B to A $(sequences "$name" b). XfrmInStateProtoError: $(counted a XfrmInStateProtoError) at A, $(counted b XfrmInStateProtoError) at B." \
    "$name-of-b.xfrm_state"
}

truncation icv-96-against-128 fault aes128-sha256-96 \
  "A cuts the ICV to 96 bits, B to 128 (keys and counters of both ends are beside it, those of B are named)."
truncation icv-128-both healthy aes128-sha256 "both cut the ICV to 128 bits."
