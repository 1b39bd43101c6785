# S18: the path behind the router carries 1400 bytes only, and ESP has DF set.

small_path() {
  ip -n r link set to-b mtu 1400
}

# The router's "fragmentation needed" does not leave it, or does not come in at a.
router_silent() {
  rule r -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP
}
host_deaf() {
  rule a -A INPUT -p icmp --icmp-type fragmentation-needed -j DROP
}
clamp() {
  local host
  for host in a b; do
    rule $host -t mangle -A OUTPUT -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1260
  done
}

# 20000 bytes from a to b.
transfer() {
  local receiver
  ip netns exec b python3 "$lab/traffic.py" receive 7002 &
  receiver=$!
  # 7002 is 1B5A.
  in_host b busybox timeout 10 sh -c "until grep -q :1B5A /proc/net/tcp; do sleep 0.2; done"
  in_host a python3 "$lab/traffic.py" send "${inner[b]}" 7002 20000 "$1" 2>&1 | tail -n 1
  kill $receiver 2>/dev/null
}

# largest FILE: of the ESP packets in a capture, in bytes with the IP header.
largest() {
  tcpdump -nvr "/tmp/$1.pcap" esp 2>/dev/null |
    sed -n 's/.*proto ESP.* length \([0-9]*\)).*/\1/p' | sort -n | tail -n 1
}

# mtu NAME STATE FINDING CONTENT SECONDS CONDITION...
mtu() {
  local state=$2 finding=$3 content=$4 seconds=$5 condition result
  name=$1
  shift 5
  network
  for condition in "$@"; do
    $condition
  done
  tunnels aes128gcm16 "replay-window 64"
  capture a "$name-at-a"
  capture b "$name-at-b"
  result=$(transfer "$seconds")
  [ -z "$result" ] || [ "$state" = fault ] || say "failed $name: $result"
  end_captures
  states a "$name"
  rows a S18 "$state" "$finding" \
    "AES-128-GCM-16, DF on every ESP packet; 20000 bytes over TCP from A to B; $content Result at A: ${result:-all of it arrived}. Largest ESP packet at A $(largest "$name-at-a") bytes, at B $(largest "$name-at-b") bytes." \
    "$name.xfrm_state"
}

path="the link behind the router has MTU 1400"
mtu plain-mtu-blackhole fault mtu-blackhole \
  "$path, and the router's ICMP is filtered: large segments are sent again and again until A gives up." \
  12 small_path router_silent
mtu plain-mtu-exceeded fault mtu-exceeded \
  "$path; its ICMP fragmentation needed (MTU 1400) reaches A, which sends smaller segments then." \
  12 small_path
mtu plain-mtu-exceeded-unheard fault mtu-exceeded \
  "$path; its ICMP fragmentation needed (MTU 1400) is in the capture at A, but A's own firewall drops it: large segments are sent again and again." \
  12 small_path host_deaf
mtu plain-mtu-clamped healthy "" \
  "$path, the router's ICMP is filtered, but both gateways clamp the MSS of TCP to 1260." \
  12 small_path router_silent clamp

# ladder NAME STATE FINDING CONTENT CONDITION...: echo requests with DF, each size twice.
ladder() {
  local state=$2 finding=$3 content=$4 condition result
  name=$1
  shift 4
  network
  for condition in "$@"; do
    $condition
  done
  tunnels aes128gcm16 "replay-window 64"
  capture a "$name-at-a"
  capture b "$name-at-b"
  result=$(in_host a python3 "$lab/ladder.py" ask "${inner[a]}" "${inner[b]}" df 1500 \
    100 500 1000 1300 1316 1318 1319 1320 1330 1372 1410)
  end_captures
  states a "$name"
  rows a S18 "$state" "$finding" \
    "AES-128-GCM-16; echo requests with DF, answered of two (payload: answers): $result; $content Largest ESP packet at A $(largest "$name-at-a") bytes, at B $(largest "$name-at-b") bytes." \
    "$name.xfrm_state"
}

ladder plain-mtu-blackhole-ladder fault mtu-blackhole "$path, and its ICMP is filtered." \
  small_path router_silent
ladder plain-mtu-whole-ladder healthy "" "the path carries 1500 bytes."
