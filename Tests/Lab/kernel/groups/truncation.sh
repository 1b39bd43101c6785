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
  # Several sizes each way: without keys, only what all of them leave by 16 tells.
  for size in 100 233 417; do
    ip netns exec a ping -q -c 8 -i 0.2 -W 1 -s "$size" "${inner[b]}" >/dev/null &
    in_host b ping -q -c 8 -i 0.2 -W 1 -s "$((size + 60))" "${inner[a]}" >/dev/null || true
    wait $! || true
  done
  end_captures
  for end in a b; do
    states $end "$name-of-$end"
    counters $end "$name-of-$end"
  done
  row "$name" S24 "$state" "$finding" \
    "AES-128-CBC with HMAC-SHA-256: $content 24 pings of 100, 233 and 417 bytes from A and 24 of 160, 293 and 477 from B. Captured at B: A to B $(sequences "$name" a), B to A $(sequences "$name" b). XfrmInStateProtoError: $(counted a XfrmInStateProtoError) at A, $(counted b XfrmInStateProtoError) at B." \
    "$name-of-b.xfrm_state"
}

truncation icv-96-against-128 fault aes128-sha256-96 \
  "A cuts the ICV to 96 bits, B to 128 (keys and counters of both ends are beside it, those of B are named)."
truncation icv-128-both healthy aes128-sha256 "both cut the ICV to 128 bits."
