# IKE daemons at the gateways, with ESP of the kernel: strongSwan's charon, libreswan's pluto.
#
# libreswan (unpacked) and charon's plugin save-keys are where Tests/Lab/lab/programs.py puts them.

programs=/var/tmp/ipsecdiag-lab
secret=an-example-secret-for-recordings

# charon HOST IKE_LINES CHILD_LINES [CHARON_LINES]: runs until `end_daemons`, with the connection and child `net`.
daemons=()
charon() {
  local host=$1 folder=/tmp/charon-$1 peer=${other[$1]} keys=
  rm -rf "$folder"
  mkdir -p "$folder/swanctl" "$folder/keys"
  [ -d $programs/plugins ] && keys="mount --bind $programs/plugins /usr/lib/ipsec/plugins;"
  cat >"$folder/strongswan.conf" <<END
charon {
  load = random nonce aes sha1 sha2 hmac kdf gmp openssl pem pubkey gcm kernel-netlink socket-default vici save-keys
  install_routes = no
  ${4:-}
  plugins {
    vici {
      socket = unix://$folder/charon.vici
    }
    save-keys {
      ike = yes
      esp = yes
      wireshark_keys = $folder/keys
    }
  }
  filelog {
    log {
      path = $folder/log
      flush_line = yes
      default = 1
    }
  }
}
END
  cat >"$folder/swanctl/swanctl.conf" <<END
connections {
  net {
    version = 2
    local_addrs = ${outer[$host]}
    remote_addrs = ${outer[$peer]}
    proposals = aes256-sha256-ecp256
    $2
    local {
      auth = psk
    }
    remote {
      auth = psk
    }
    children {
      net {
        local_ts = ${inner[$host]%.1}.0/24
        remote_ts = ${inner[$peer]%.1}.0/24
        esp_proposals = aes128gcm16
        $3
      }
    }
  }
}
secrets {
  ike-peer {
    secret = "$secret"
  }
}
END
  STRONGSWAN_CONF=$folder/strongswan.conf ip netns exec "$host" unshare -m sh -c \
    "mount -t tmpfs lab /run; $keys exec /usr/lib/ipsec/charon" 2>"$folder/errors" &
  daemons+=($!)
  await "$folder/errors" 15 test -S "$folder/charon.vici"
  swanctl_at "$host" --load-all --noprompt >/dev/null
}

# swanctl_at HOST WORDS...
swanctl_at() {
  local folder=/tmp/charon-$1
  STRONGSWAN_CONF=$folder/strongswan.conf SWANCTL_DIR=$folder/swanctl \
    ip netns exec "$1" swanctl "${@:2}" --uri "unix://$folder/charon.vici"
}

# pluto HOST LINES: the connection `net`.
pluto() {
  local host=$1 folder=/tmp/pluto-$1 peer=${other[$1]} program=$programs/libreswan/usr/libexec/ipsec
  rm -rf "$folder"
  mkdir -p "$folder/nss" "$folder/run"
  cat >"$folder/ipsec.conf" <<END
config setup
  logtime=yes

conn net
  ikev2=insist
  authby=secret
  left=${outer[$host]}
  right=${outer[$peer]}
  leftsubnet=${inner[$host]%.1}.0/24
  rightsubnet=${inner[$peer]%.1}.0/24
  ike=aes256-sha2_256;dh19
  esp=aes_gcm128-null
  leftupdown=/bin/true
$2
END
  echo ": PSK \"$secret\"" >"$folder/ipsec.secrets"
  certutil -N -d "sql:$folder/nss" --empty-password
  ip netns exec "$host" unshare -m sh -c \
    "mount --bind $program /usr/libexec/ipsec; mount -t tmpfs lab /run;
    exec /usr/libexec/ipsec/pluto --config $folder/ipsec.conf --secretsfile $folder/ipsec.secrets \
      --nssdir $folder/nss --rundir $folder/run --nofork --stderrlog" 2>"$folder/log" &
  daemons+=($!)
  await "$folder/log" 20 test -S "$folder/run/pluto.ctl"
  ip netns exec "$host" "$program/addconn" --config "$folder/ipsec.conf" \
    --ctlsocket "$folder/run/pluto.ctl" net >/dev/null
}

# whack_at HOST WORDS...
whack_at() {
  ip netns exec "$1" "$programs/libreswan/usr/libexec/ipsec/whack" \
    --rundir "/tmp/pluto-$1/run" "${@:2}"
}

# await LOG SECONDS COMMAND...: until the command succeeds; else the log's end is told.
await() {
  local log=$1 left=$(($2 * 5))
  until "${@:3}"; do
    sleep 0.2
    left=$((left - 1))
    if [ $left -le 0 ]; then
      say "failed $name: waited in vain for ${*:3}"
      tail -n 20 "$log" | sed 's/^/[record] /'
      return 1
    fi
  done
}

# Ended without a farewell: no Delete gets into a capture.
end_daemons() {
  local process
  for process in "${daemons[@]}"; do
    kill -KILL "$process"
    wait "$process"
  done 2>/dev/null
  daemons=()
}

# keys HOST FILE: what charon at HOST saved, named like the capture; `key_files` becomes their list.
keys() {
  local table
  key_files=
  for table in "/tmp/charon-$1/keys"/*; do
    [ -s "$table" ] || continue
    cp "$table" "$out/$2.$(basename "$table")"
    key_files+=${key_files:+;}$2.$(basename "$table")
  done
}
