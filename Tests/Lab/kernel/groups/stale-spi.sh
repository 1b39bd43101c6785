# S13 and S14 with daemons: both rekey the Child SA at once, and what then becomes of the old SPI; and
# a peer that restarts without a word.

origin="strongSwan 5.9.8 and Linux 6.1 in User Mode Linux"

# stands NAME IKE_LINES CHILD_LINES: captures at both ends, daemons, the tunnel, five pings of A.
stands() {
  name=$1
  network
  capture a "$name-at-a"
  capture b "$name-at-b"
  charon a "$2" "$3"
  charon b "$2" "$3"
  swanctl_at a --initiate --child net >/dev/null || say "failed $name: no Child SA"
  pings 5
}

# pings COUNT: four a second from A.
pings() {
  in_host a ping -q -I "${inner[a]}" -c "$1" -i 0.25 -W 1 "${inner[b]}" >/dev/null
}

# outbound: the state of A's newest SA to B, and its SPI, as `ip` prints them.
outbound_spi() {
  ip -n a xfrm state | awk -v to="${outer[b]}" '/^src/ { ours = $4 == to } /spi/ && ours { print $4 }' |
    head -n 1
}

finish() {
  end_captures
  states b "$name-of-b"
  counters b "$name-of-b"
  keys a "$name"
  end_daemons
}

# Both begin within a millisecond or so. `old_spi` is what A sent on before.
rekey_both() {
  old_spi=$(outbound_spi)
  ip -n a xfrm state get src "${outer[a]}" dst "${outer[b]}" proto esp spi "$old_spi" >/tmp/old
  swanctl_at b --rekey --child net >/dev/null 2>&1 &
  swanctl_at a --rekey --child net >/dev/null 2>&1
  wait $!
  pings 12
  sleep 6
}

# A's kernel gets its old outbound SA back, newer than the others, so that it is used again.
sends_on_old_spi() {
  local authenticated next
  authenticated=$(sed -n "s/.*aead rfc4106(gcm(aes)) \(0x[0-9a-f]*\) .*/\1/p" /tmp/old)
  sleep 1
  ip -n a xfrm state add src "${outer[a]}" dst "${outer[b]}" proto esp spi "$old_spi" reqid 1 \
    mode tunnel replay-window 0 replay-oseq 17 aead 'rfc4106(gcm(aes))' "$authenticated" 128 ||
    say "failed $name: the old SA is not back"
  pings 30
}

stands rekey-at-once "rekey_time = 0s" "rekey_time = 0s"
rekey_both
pings 10
finish
rows ab S13 healthy "" \
  "pings of A, four a second with pauses; both sides begin to rekey the Child SA at the same time, and one of the two new SAs is given up; A sent on SPI $old_spi before, and on it no more after its deletion. Plain ESP, IKE SA from the first message on." \
  "$name.ikev2_decryption_table;$name.esp_sa"

stands rekey-at-once-old-spi "rekey_time = 0s" "rekey_time = 0s"
rekey_both
sends_on_old_spi
finish
rows ab S13 fault child-rekey-collision \
  "as rekey-at-once, but seven seconds later A's kernel sends 30 pings on SPI $old_spi, whose SA was deleted (the old outbound SA was put back by hand, as a daemon does that loses count); none is answered. B's kernel counted $(counted b XfrmInNoStates) as XfrmInNoStates." \
  "$name.ikev2_decryption_table;$name.esp_sa"
