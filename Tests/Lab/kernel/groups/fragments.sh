# S19: ESP packets without DF that leave as IP fragments.

drop_fragments() {
  # The flag "more fragments" or an offset.
  rule r -t raw -A PREROUTING -m u32 --u32 "4&0x3fff=1:0x3fff" -j DROP
}

# fragments NAME SCENARIO STATE FINDING LIMIT CONDITION CONTENT ENDS: echo requests without DF.
fragments() {
  local result answering
  name=$1
  network
  $6
  tunnels aes128gcm16 "replay-window 64"
  capture a "$name-at-a"
  capture b "$name-at-b"
  in_host b busybox sysctl -q -w net.ipv4.icmp_echo_ignore_all=1
  ip netns exec b python3 "$lab/ladder.py" answer "${inner[b]}" "${inner[a]}" halves "$5" &
  answering=$!
  sleep 4
  result=$(in_host a python3 "$lab/ladder.py" ask "${inner[a]}" "${inner[b]}" halves "$5" \
    200 1000 1400 1417 1418 1419 1440 1472 1473 1480 1600)
  kill $answering
  end_captures
  states a "$name"
  rows "$8" "$2" "$3" "$4" \
    "AES-128-GCM-16, every link MTU 1500; echo requests without DF, answered of two (payload: answers): $result; inner hosts split a packet above $5 bytes into equal halves before encapsulation; $7" \
    "$name.xfrm_state"
}

fragments plain-mtu-band S19 fault mtu-band 1500 drop_fragments \
  "above 1446 bytes (payload 1418) ESP leaves A as IP fragments, and the router drops IP fragments." a
fragments plain-mtu-outer-fragments S19 fault mtu-outer-fragments 1500 true \
  "above 1446 bytes (payload 1418) ESP leaves A as IP fragments, which arrive and are put together." ab
fragments plain-mtu-split-before S19 healthy "" 1446 drop_fragments \
  "no ESP packet needs fragments, so that the router, which drops IP fragments, does no harm." ab
