#!/usr/bin/env bash
# Makes certificates for the members of a cluster: an authority of its own, and for each member a key and a certificate
# whose common name is the member's id. Run again with the same directory for more members. Needs openssl.
#
#   tools/certificates/cluster.sh DIRECTORY ID...
#
# Each member gets authority.pem, ID.pem and ID.key.pem, and nobody gets authority.key.pem: keep it off the members.
set -euo pipefail
umask 077
[ $# -ge 2 ] || { echo "usage: $0 DIRECTORY ID..." >&2; exit 2; }
directory=$1
shift
days=${DAYS:-825}
for id; do
  [[ $id =~ ^[A-Za-z0-9._-]{1,64}$ ]] || { echo "$id is no id of a member: 1 to 64 of A-Z a-z 0-9 . _ -" >&2; exit 2; }
done
mkdir -p "$directory"
cd "$directory"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
curve=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
printf '[req]\ndistinguished_name = name\n[name]\n' >"$work/req.cnf"
printf 'basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\nextendedKeyUsage = serverAuth, clientAuth\n' >"$work/member.cnf"

if [ ! -e authority.key.pem ]; then
  openssl req -config "$work/req.cnf" "${curve[@]}" -x509 -sha256 -days 3650 -subj '/CN=quorate authority' \
    -addext 'basicConstraints = critical, CA:TRUE, pathlen:0' -addext 'keyUsage = critical, keyCertSign, cRLSign' \
    -keyout authority.key.pem -out authority.pem 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
fi
for id; do
  [ ! -e "./$id.key.pem" ] || { echo "$id.key.pem is there already: nothing was made for $id"; continue; }
  { openssl req -config "$work/req.cnf" "${curve[@]}" -sha256 -subj "/CN=$id" -keyout "$work/key.pem" -out "$work/request.pem" &&
    openssl x509 -req -sha256 -days "$days" -in "$work/request.pem" -CA authority.pem -CAkey authority.key.pem \
      -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/member.cnf" -out "$work/certificate.pem"; } 2>"$work/said" ||
    { cat "$work/said" >&2; exit 1; }
  mv "$work/certificate.pem" "./$id.pem"
  mv "$work/key.pem" "./$id.key.pem"
  echo "$directory/$id.pem and $id.key.pem: valid for $days days"
done
