# esp-loss: packets lost between the two ends, seen from both.

# both_ways: 1000 packets at 250 a second from A, 200 at 50 from B.
both_ways() {
  local first second third
  ip netns exec b python3 "$lab/traffic.py" sink 7001 8 &
  first=$!
  ip netns exec a python3 "$lab/traffic.py" sink 7001 8 &
  second=$!
  sleep 0.5
  ip netns exec b python3 "$lab/traffic.py" stream "${inner[a]}" 200 50 2 &
  third=$!
  in_host a python3 "$lab/traffic.py" stream "${inner[b]}" 1000 250 2
  wait $third
  kill $first $second
}

# loss NAME STATE NETEM'S WORDS CONTENT
loss() {
  local state=$2 content=$4 finding=''
  name=$1
  [ "$state" = fault ] && finding=esp-loss
  network
  # shellcheck disable=SC2086 # words are meant to split
  [ -z "$3" ] || tc -n r qdisc add dev to-b root netem $3 limit 5000
  tunnels aes128gcm16 "replay-window 64"
  capture a "$name-at-a"
  capture b "$name-at-b"
  both_ways
  end_captures
  states b "$name"
  counters b "$name"
  rows b "" "$state" "$finding" \
    "1000 UDP packets from A in four seconds and 200 from B, one SA each way; $content Both ends have the same clock. A to B at A: $(sequences "$name-at-a" a); at B: $(sequences "$name-at-b" a). B to A at A: $(sequences "$name-at-a" b)." \
    "$name.xfrm_state"
}

loss loss-random fault "delay 5ms loss random 2%" \
  "the router loses 2 % of A's packets at random (netem), none of B's."
loss loss-bursts fault "delay 5ms loss gemodel 0.5% 25%" \
  "the router loses A's packets in bursts (netem's Gilbert-Elliott model, p 0.5 %, r 25 %), none of B's."
loss loss-none healthy "delay 5ms" "nothing is lost."
