# The machine that User Mode Linux is: file systems and modules.

out=/tmp/out

say() {
  echo "[record] $*"
}

modules="xfrm_algo xfrm_user af_key ipv6 esp4 veth bridge
  hmac sha512_generic jitterentropy_rng drbg gf128mul ghash-generic ctr gcm seqiv echainiv
  authenc authencesn cbc ecb sch_netem sch_prio sch_tbf sch_ingress cls_u32 cls_matchall act_mirred
  iptable_filter iptable_mangle iptable_raw ipt_REJECT xt_TCPMSS xt_tcpudp xt_u32"

# On this machine: the files to load, what a module depends on before it; modules.dep has it last.
# Processes are dear in User Mode Linux, so this is not left to it.
module_files() {
  local folder module file
  for folder in /usr/lib/uml/modules/*; do
    for module in $modules; do
      sed -n "s,^\(.*/$module\.ko\):\(.*\),\1\2,p" "$folder/modules.dep" | tr ' ' '\n' | tac
    done | awk -v folder="$folder" '!seen[$0]++ { print folder "/" $0 }'
  done
}

start_machine() {
  local file
  export PATH=/usr/sbin:/usr/bin:/sbin:/bin
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount -t tmpfs tmpfs /run
  mount -t tmpfs tmpfs /tmp
  mkdir "$out"
  mount -t hostfs -o "$record_to" hostfs "$out"
  while read -r file; do
    busybox insmod "$file"
  done <"$out/modules"
  rm "$out/modules"
}
