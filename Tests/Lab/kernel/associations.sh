# SAs and policies set by hand, with made-up keys: the first bytes of SHA-512 over the recording's
# name, the same in every run.

# key BYTES LABEL: `hex` becomes the key.
key() {
  read -r hex _ <<<"$(printf '%s' "$2" | sha512sum)"
  hex=0x${hex:0:2 * $1}
}

# spi FROM: of the recording `name`.
spi() {
  read -r hex _ <<<"$(printf '%s' "$name spi $1" | sha512sum)"
  echo "0xc${hex:0:7}"
}

# suite NAME FROM: `words` becomes what ip takes.
suite() {
  local hex
  case $1 in
    aes128gcm16)
      key 20 "$name aead $2"
      words="aead rfc4106(gcm(aes)) $hex 128"
      ;;
    null-sha256)
      key 32 "$name auth $2"
      words="auth-trunc hmac(sha256) $hex 128 enc ecb(cipher_null) \"\""
      ;;
    aes128-sha256 | aes128-sha256-96)
      key 32 "$name auth $2"
      words="auth-trunc hmac(sha256) $hex"
      [ "$1" = aes128-sha256 ] && words+=" 128" || words+=" 96"
      key 16 "$name enc $2"
      words+=" enc cbc(aes) $hex"
      ;;
  esac
}

# tunnel_as HOST END SUITE EXTRA: HOST gets what the gateway END (a or b) has: both SAs, and the
# policies for all traffic between the inner addresses.
tunnel_as() {
  local host=$1 end=$2 from to direction words
  for from in a b; do
    to=${other[$from]}
    [ $from = "$end" ] && direction=out || direction=in
    suite "$3" $from
    echo "xfrm state add src ${outer[$from]} dst ${outer[$to]} proto esp spi $(spi $from)" \
      "reqid 1 mode tunnel $4 $words"
    echo "xfrm policy add src ${inner[$from]} dst ${inner[$to]} dir $direction" \
      "tmpl src ${outer[$from]} dst ${outer[$to]} proto esp reqid 1 mode tunnel"
  done | ip -n "$host" -batch - || say "failed $name: SAs of $host"
}

# tunnels SUITE EXTRA: at both gateways.
tunnels() {
  tunnel_as a a "$1" "$2"
  tunnel_as b b "$1" "$2"
}
