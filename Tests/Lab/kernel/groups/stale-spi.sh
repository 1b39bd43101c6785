# S13: both sides rekey the Child SA at once, and what then becomes of the old SPI.

origin="strongSwan 5.9.8 and Linux 6.1 in User Mode Linux"

# stands NAME [CHARON_LINES]: captures at both ends, daemons, the tunnel, five pings of A.
stands() {
  name=$1
  network
  capture a "$name-at-a"
  capture b "$name-at-b"
  charon a "rekey_time = 0s" "rekey_time = 0s" "${2:-}"
  charon b "rekey_time = 0s" "rekey_time = 0s" "${2:-}"
  swanctl_at a --initiate --child net >/dev/null || say "failed $name: no Child SA"
  pings 5
}

# pings COUNT: four a second from A.
pings() {
  in_host a ping -q -I "${inner[a]}" -c "$1" -i 0.25 -W 1 "${inner[b]}" >/dev/null
}

# outbound_spi: of A's only SA to B.
outbound_spi() {
  ip -n a xfrm state | awk -v to="${outer[b]}" '/^src/ { ours = $4 == to } /spi/ && ours { print $4 }'
}

finish() {
  end_captures
  states b "$name-of-b"
  counters b "$name-of-b"
  keys a "$name"
  end_daemons
}

# remember: `old_spi` is what A sends on now, and /tmp/old its state.
remember() {
  old_spi=$(outbound_spi)
  ip -n a xfrm state get src "${outer[a]}" dst "${outer[b]}" proto esp spi "$old_spi" >/tmp/old
}

# A path so slow that the requests of both cross.
rekey_both() {
  tc -n r qdisc add dev to-a root netem delay 1700ms
  tc -n r qdisc add dev to-b root netem delay 1700ms
  remember
  swanctl_at b --rekey --child net >/dev/null 2>&1 &
  swanctl_at a --rekey --child net >/dev/null 2>&1
  wait $!
  sleep 9
  tc -n r qdisc del dev to-a root
  tc -n r qdisc del dev to-b root
  pings 12
}

# sends_on_old_spi COUNT: A's kernel gets its old outbound SA back, and a policy that goes before
# charon's, as each of charon's names the SPI that it wants; then A sends pings.
sends_on_old_spi() {
  local authenticated
  authenticated=$(sed -n "s/.*aead rfc4106(gcm(aes)) \(0x[0-9a-f]*\) .*/\1/p" /tmp/old)
  ip -n a xfrm state add src "${outer[a]}" dst "${outer[b]}" proto esp spi "$old_spi" reqid 1 \
    mode tunnel replay-window 0 replay-oseq 5 aead 'rfc4106(gcm(aes))' "$authenticated" 128 ||
    say "failed $name: the old SA is not back"
  ip -n a xfrm policy add src "${inner[a]}" dst "${inner[b]}" dir out \
    tmpl src "${outer[a]}" dst "${outer[b]}" proto esp spi "$old_spi" reqid 1 mode tunnel
  pings "$1"
}

stands rekey-at-once
rekey_both
pings 10
finish
rows ab S13 healthy "" \
  "pings of A, four a second with pauses; the path delays 1.7 s each way for a while, and in that time both sides begin to rekey the Child SA, so that their requests cross, and one of the two new SAs is given up; A sent on SPI $old_spi before, and on it no more after its deletion. Plain ESP, IKE SA from the first message on." \
  "$name.ikev2_decryption_table;$name.esp_sa"

stands rekey-at-once-old-spi
rekey_both
sends_on_old_spi 30
finish
[ "$(counted b XfrmInNoStates)" -ge 30 ] || say "failed $name: the old SPI is not used"
rows ab S13 fault child-rekey-collision \
  "as rekey-at-once, but then A's kernel sends 30 pings on SPI $old_spi, whose SA was deleted (the old outbound SA was put back by hand with a policy, as a daemon does that loses count); none is answered. B's kernel counted $(counted b XfrmInNoStates) as XfrmInNoStates." \
  "$name.ikev2_decryption_table;$name.esp_sa"

stands rekey-late-switch "delete_rekeyed_delay = 0"
remember
swanctl_at a --rekey --child net >/dev/null
# Until the new SA stands and the old one is gone.
await /tmp/charon-a/log 10 sh -c "! ip -n a xfrm state | grep -q $old_spi"
sends_on_old_spi 6
ip -n a xfrm policy delete src "${inner[a]}" dst "${inner[b]}" dir out
pings 30
finish
rows ab S14 healthy "" \
  "A rekeys the Child SA and deletes the old one, B removes it at once, and A's kernel still sends 6 pings within two seconds on SPI $old_spi (the old outbound SA was put back by hand with a policy) before it uses the new one for 30 pings: unknown only near a rekey. B's kernel counted $(counted b XfrmInNoStates) as XfrmInNoStates." \
  "$name.ikev2_decryption_table;$name.esp_sa"
