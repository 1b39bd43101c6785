# Captures, and what is kept of them.

lab=$here/kernel

# capture HOST FILE [INTERFACE [TCPDUMP'S WORDS...]]: into FILE.pcap, of what `scope` says: the outer
# networks. Linux would show what it took out of ESP as well, with the inner addresses.
scope="ip and net 10.0.0.0/14"
captures=()
capture() {
  local host=$1 file=$2 interface=${3:-eth0}
  shift 2
  [ $# -gt 0 ] && shift
  : >"/tmp/$file.log"
  ip netns exec "$host" tcpdump -i "$interface" -s 0 -B 8192 -U --immediate-mode -Z root \
    -w "/tmp/$file.pcap" "$@" "$scope" 2>"/tmp/$file.log" &
  captures+=($!)
  until grep -q listening "/tmp/$file.log"; do sleep 0.05; done
  sleep 0.1
}

end_captures() {
  local process
  sleep "${1:-0.5}"
  for process in "${captures[@]}"; do
    kill -INT "$process"
    wait "$process"
  done
  captures=()
}

# row FILE SCENARIO STATE FINDING CONTENT [KEY_FILES]: keeps the capture, compressed when it is large.
origin="Linux 6.1 in User Mode Linux"
row() {
  local file=$1.pcap
  grep -q '^0 packets dropped by kernel' "/tmp/$1.log" || say "failed $1: tcpdump lost packets"
  if [ "$(stat -c %s "/tmp/$file")" -gt 60000 ]; then
    gzip -9nk "/tmp/$file"
    file+=.gz
  fi
  cp "/tmp/$file" "$out/$file"
  echo "$file,$2,$3,$4,$origin,\"$5\",${6:-}" >>"$out/rows"
  say "$file: $(stat -c %s "$out/$file") bytes; $5"
}

# rows ENDS SCENARIO STATE FINDING CONTENT KEY_FILES: of NAME-at-a and NAME-at-b; ENDS (a, b or ab)
# are those whose capture alone shows the finding. In KEY_FILES `of-END` becomes of-a or of-b.
rows() {
  local end finding content
  for end in a b; do
    finding=$4
    content="$5 Captured at ${end^^}."
    if [ "$3" = fault ] && [[ $1 != *$end* ]]; then
      finding=
      content+=" Alone it does not show the fault: it is for comparison with the other end's capture."
    fi
    row "$name-at-$end" "$2" "$3" "$finding" "$content" "${6//of-END/of-$end}"
  done
}

# states HOST FILE: the keys. counters HOST FILE: what the kernel counted.
states() {
  ip -n "$1" -d xfrm state >"$out/$2.xfrm_state"
}
counters() {
  {
    echo "# ip -s xfrm state"
    ip -n "$1" -s xfrm state
    echo "# /proc/net/xfrm_stat"
    in_host "$1" cat /proc/net/xfrm_stat
  } >"$out/$2.counters"
}

# counted HOST NAME: one number of /proc/net/xfrm_stat.
counted() {
  in_host "$1" awk -v name="$2" '$1 == name { print $2 }' /proc/net/xfrm_stat
}

# sequences FILE FROM [WINDOW]: what the capture says of one SA (see sequences.py).
sequences() {
  python3 "$lab/sequences.py" "/tmp/$1.pcap" "$(spi "$2")" "${@:3}"
}
