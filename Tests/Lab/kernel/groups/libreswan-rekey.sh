# libreswan (A) renews the Child SA with strongSwan (B): with PFS on both sides (healthy), and with
# PFS at A only (S12).

origin="libreswan 4.10 with strongSwan 5.9.8 on Linux 6.1 in User Mode Linux"

# one_of_each_spi: of many `ip xfrm state` in a row, without the keyless ones that wait for an SA.
one_of_each_spi() {
  awk '/^src/ { head = $0; next }
    /proto esp spi/ { keep = $4 != "0x00000000" && !seen[$4]++; if (keep) print head }
    keep'
}

# rekey NAME SCENARIO STATE FINDING ESP_PROPOSALS GROUPS_OF_PINGS CONTENT
rekey() {
  local group
  name=$1
  network
  capture a "$name"
  charon b "" "rekey_time = 0s"
  sed -i "s/esp_proposals = .*/esp_proposals = $5/" /tmp/charon-b/swanctl/swanctl.conf
  swanctl_at b --load-all --noprompt >/dev/null
  pluto a "  salifetime=30s
  rekeymargin=8s
  rekeyfuzz=0%
  dpddelay=3
  dpdtimeout=5
  dpdaction=clear"
  whack_at a --name net --initiate >/dev/null
  await /tmp/pluto-a/log 10 ip netns exec a ping -q -I "${inner[a]}" -c 1 -W 1 "${inner[b]}" >/dev/null
  # States that a rekey ends are gone at the end: they are kept as they come.
  : >/tmp/states
  for ((group = 0; group < $6; group++)); do
    ip -n a -d xfrm state >>/tmp/states
    in_host a ping -q -I "${inner[a]}" -c 3 -i 1 -W 1 "${inner[b]}" >/dev/null
    sleep 5
  done
  end_captures 1
  one_of_each_spi </tmp/states >"$out/$name.xfrm_state"
  keys b "$name"
  end_daemons
  row "$name" "$2" "$3" "$4" \
    "libreswan at A (salifetime 30 s, rekeymargin 8 s, dpddelay 3 s) begins, strongSwan at B answers and never begins; pings in groups of three, five seconds apart; $7 Captured at A from the first IKE message on; the keys are A's states and what strongSwan saved." \
    "$name.xfrm_state${key_files:+;$key_files}"
}

rekey libreswan-rekey "" healthy "" aes128gcm16-ecp256 8 \
  "both want PFS with ECP-256; A renews the Child SA some 22 s after it came, keeps the old one until its end at 30 s and deletes it then."
rekey libreswan-rekey-pfs S12 fault child-rekey-pfs aes128gcm16 7 \
  "A wants PFS (libreswan's default), B has no group for ESP: the rekey some 22 s after the first Child SA is refused with NO_PROPOSAL_CHOSEN, A deletes the Child SA at 30 s, and what A tries then is refused as well, so ESP stops."
