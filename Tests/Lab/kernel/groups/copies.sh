# S22: the same packet twice: by a mirror port, by a true replay, and by a second sender.

# datagrams FROM COUNT RATE
datagrams() {
  in_host "$1" python3 "$lab/traffic.py" stream "${inner[b]}" "$2" "$3" 20
}

# A listener at b, so that no port is unreachable.
listen() {
  ip netns exec b python3 "$lab/traffic.py" sink 7001 30 &
  listener=$!
  sleep 4
}

# mirrored NAME STATE FINDING DIRECTIONS CONTENT: a monitor behind the switch.
mirrored() {
  local port direction
  name=$1
  network switch
  ip netns add m
  link m eth0 02:00:00:00:02:0c s monitor 02:00:00:00:02:0d
  for port in port-r port-b; do
    tc -n s qdisc add dev $port clsact
    for direction in $4; do
      tc -n s filter add dev $port "$direction" matchall action mirred egress mirror dev monitor
    done
  done
  tunnels aes128gcm16 "replay-window 64"
  capture m "$name"
  in_host a ping -q -c 60 -i 0.05 "${inner[b]}" >/dev/null
  end_captures
  states b "$name"
  row "$name" S22 "$2" "$3" \
    "60 pings through the tunnel within three seconds; $5 SA A to B: $(sequences "$name" a)." "$name.xfrm_state"
}

mirrored copies-mirror-both-ports fault capture-duplicated "ingress egress" \
  "the switch before B mirrors what enters and what leaves both of its ports (tc mirred), so the monitor gets each packet twice within a millisecond, equal in all bytes. Captured at the monitor."
mirrored copies-mirror-ingress healthy "" ingress \
  "the switch before B mirrors only what enters its ports, so the monitor gets each packet once. Captured at the monitor."

# at_receiver NAME STATE FINDING CONTENT TRAFFIC
at_receiver() {
  name=$1
  network switch
  tunnels aes128gcm16 "replay-window 64"
  listen
  capture b "$name"
  $5
  end_captures
  kill $listener
  states b "$name"
  counters b "$name"
  row "$name" S22 "$2" "$3" \
    "$4 Captured at B, with its counters: $(sequences "$name" a); B's kernel counted $(counted b XfrmInStateSeqError) as XfrmInStateSeqError." \
    "$name.xfrm_state"
}

# Another station behind the same switch has heard the packets, and sends 40 of them again.
replay() {
  ip netns add e
  link e eth0 02:00:00:00:00:ee s port-e 02:00:00:00:02:0e
  ip -n s link set port-e master bridge
  datagrams a 100 50
  sleep 3
  in_host e python3 "$lab/replay.py" "/tmp/$name.pcap" eth0 40
}

# A second gateway with the same address and a copy of the SA, as a cloned high-availability pair.
clone() {
  local second
  ip netns add c
  link c eth0 02:00:00:00:00:0c r to-c 02:00:00:00:01:0c
  ip -n c link set lo up
  ip -n c -batch - <<END
addr add ${outer[a]}/24 dev eth0
addr add ${inner[a]}/24 dev lo
neigh add ${router[a]} lladdr 02:00:00:00:01:0c dev eth0 nud permanent
route add default via ${router[a]}
route add ${inner[b]}/32 via ${router[a]} src ${inner[a]}
END
  tunnel_as c a aes128gcm16 "replay-window 64"
  ip netns exec c python3 "$lab/traffic.py" stream "${inner[b]}" 100 25 20 &
  second=$!
  datagrams a 100 25
  wait $second
}

one_sender() {
  datagrams a 100 25
}

at_receiver copies-replayed fault replay-suspected \
  "A sends 100 UDP packets in two seconds; some five seconds later another station (MAC 02:00:00:00:00:ee) sends the first 40 of them again, the same bytes but for a TTL lower by 3." \
  replay
at_receiver copies-two-senders fault esp-seq-reuse \
  "Two gateways with the same address, SPI and keys (a cloned pair) send 100 UDP packets each at the same time, so every sequence number comes twice with different ciphertext." \
  clone
at_receiver copies-one-sender healthy "" "A sends 100 UDP packets in four seconds." one_sender
