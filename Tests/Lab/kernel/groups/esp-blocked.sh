# S17: plain ESP is blocked in the router, IKE on UDP 500 is not.

settings="dpd_delay = 4s
    mobike = no"
origin="strongSwan 5.9.8 and Linux 6.1 in User Mode Linux"

silently() {
  rule r -A FORWARD -p esp -j DROP
}
protocol_unreachable() {
  rule r -A FORWARD -p esp -j REJECT --reject-with icmp-proto-unreachable
}
prohibited() {
  rule r -A FORWARD -p esp -j REJECT --reject-with icmp-admin-prohibited
}

# esp_blocked NAME STATE FINDING CONDITION CONTENT: both sides ping for some twelve seconds.
esp_blocked() {
  local end
  name=$1
  network
  $4
  capture a "$name-at-a"
  capture b "$name-at-b"
  charon a "$settings" ""
  charon b "$settings" ""
  swanctl_at a --initiate --child net >/dev/null || say "failed $name: no Child SA"
  ip netns exec b ping -q -I "${inner[b]}" -c 12 -i 1 -W 1 "${inner[a]}" >/dev/null &
  in_host a ping -q -I "${inner[a]}" -c 12 -i 1 -W 1 "${inner[b]}" >/dev/null
  wait $!
  end_captures 5
  for end in a b; do
    states $end "$name-of-$end"
    counters $end "$name-of-$end"
  done
  keys a "$name"
  end_daemons
  rows ab S17 "$2" "$3" \
    "No NAT, IKE on UDP 500, plain ESP (AES-128-GCM-16), liveness checks after 4 s; A and B ping each other 12 times, once a second; $5 From the first IKE message on." \
    "$name-of-END.xfrm_state${key_files:+;$key_files}"
}

esp_blocked plain-esp-blocked fault esp-blocked silently \
  "the router drops protocol 50 both ways without a word."
esp_blocked plain-esp-blocked-protocol-unreachable fault esp-blocked protocol_unreachable \
  "the router answers protocol 50 with ICMP protocol unreachable (type 3, code 2)."
esp_blocked plain-esp-blocked-prohibited fault esp-blocked prohibited \
  "the router answers protocol 50 with ICMP communication administratively prohibited (type 3, code 13)."
scope=ip
esp_blocked plain-esp-passes healthy "" true \
  "the router passes everything. Each capture also holds what its host took out of ESP, as Linux shows it on the same interface."
