# Two gateways, a and b, with a router r between them. Behind each gateway stands a network of its
# own (on lo). Neighbours are fixed, so that no ARP comes between.

declare -A other=([a]=b [b]=a)
declare -A outer=([a]=10.1.0.2 [b]=10.2.0.2)
declare -A router=([a]=10.1.0.1 [b]=10.2.0.1)
declare -A inner=([a]=10.98.0.1 [b]=10.99.0.1)
declare -A hardware=([a]=02:00:00:00:00:0a [b]=02:00:00:00:00:0b)
declare -A near=([a]=02:00:00:00:01:0a [b]=02:00:00:00:01:0b)

# in_host HOST COMMAND...
in_host() {
  local host=$1
  shift
  ip netns exec "$host" "$@"
}

# network [switch]: with a switch s between r and b, ports port-r and port-b.
network() {
  local host name
  for name in $(ip netns list | cut -d ' ' -f 1); do
    ip netns del "$name"
  done
  for host in r a b; do
    ip netns add $host
    ip -n $host link set lo up
  done
  in_host r busybox sysctl -q -w net.ipv4.ip_forward=1
  link a eth0 "${hardware[a]}" r to-a "${near[a]}"
  if [ "${1:-}" = switch ]; then
    ip netns add s
    ip -n s link add bridge type bridge forward_delay 0
    ip -n s link set bridge addrgenmode none
    ip -n s link set bridge up
    link b eth0 "${hardware[b]}" s port-b 02:00:00:00:02:0b
    link s port-r 02:00:00:00:02:0a r to-b "${near[b]}"
    ip -n s link set port-b master bridge
    ip -n s link set port-r master bridge
  else
    link b eth0 "${hardware[b]}" r to-b "${near[b]}"
  fi
  for host in a b; do
    ip -n $host -batch - <<END
addr add ${outer[$host]}/24 dev eth0
addr add ${inner[$host]}/24 dev lo
neigh add ${router[$host]} lladdr ${near[$host]} dev eth0 nud permanent
route add default via ${router[$host]}
route add ${inner[${other[$host]}]}/32 via ${router[$host]} src ${inner[$host]}
END
    ip -n r -batch - <<END
addr add ${router[$host]}/24 dev to-$host
neigh add ${outer[$host]} lladdr ${hardware[$host]} dev to-$host nud permanent
END
  done
}

# link HOST INTERFACE ADDRESS HOST INTERFACE ADDRESS: a cable. A capture shall hold what it would
# carry: whole segments with their checksums, so nothing is offloaded.
link() {
  ip link add "$2" netns "$1" address "$3" type veth peer name "$5" netns "$4" address "$6"
  while [ $# -gt 0 ]; do
    ip -n "$1" link set "$2" addrgenmode none
    ip -n "$1" link set "$2" up
    in_host "$1" ethtool -K "$2" tx off tso off gso off >/dev/null 2>&1
    shift 3
  done
}

# rule HOST WORDS...: of iptables; this kernel has no nftables for IPv4.
rule() {
  in_host "$1" iptables-legacy "${@:2}" || say "failed $name: rule at $1"
}
