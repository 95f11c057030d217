#!/usr/bin/env bash
# Makes certificates for the members of a cluster and for its clients: an authority of its own, and for each of them a key and
# a certificate. Run again with the same directory for more. Needs openssl.
#
#   tools/certificates/cluster.sh DIRECTORY ID|ID=HOST,HOST...|client:NAME...
#
# The common name of a member's certificate is its id, and HOSTs are names and IP addresses under which clients reach its
# gateway: n1=10.0.0.1,db-1.example. The certificate of a client is for clients alone, and has the organizational unit
# "client". In a directory of their own, clients have an authority of their own.
#
# Each member gets authority.pem, ID.pem and ID.key.pem; each client authority.pem, NAME.pem and NAME.key.pem. Nobody gets
# authority.key.pem: keep it off all of them.
set -euo pipefail
umask 077
[ $# -ge 2 ] || { echo "usage: $0 DIRECTORY ID|ID=HOST,HOST...|client:NAME..." >&2; exit 2; }
directory=$1
shift
days=${DAYS:-825}
for each; do
  name=${each#client:}
  hosts=${name#"${name%%=*}"}
  [[ ${name%%=*} =~ ^[A-Za-z0-9._-]{1,64}$ && ${name%%=*} != authority ]] ||
    { echo "${name%%=*} is no id of a member and no name: 1 to 64 of A-Z a-z 0-9 . _ -" >&2; exit 2; }
  [[ $each != client:*=* ]] || { echo "$each: clients have no hosts" >&2; exit 2; }
  [[ -z $hosts || $hosts =~ ^=[A-Za-z0-9._:-]+(,[A-Za-z0-9._:-]+)*$ ]] ||
    { echo "${hosts#=} are no hosts: names and IP addresses, with commas between them" >&2; exit 2; }
done
mkdir -p "$directory"
cd "$directory"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
curve=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
printf '[req]\ndistinguished_name = name\n[name]\n' >"$work/req.cnf"

# extensions MEMBER-OR-CLIENT HOSTS
extensions() {
  printf 'basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n'
  [ "$1" = member ] && printf 'extendedKeyUsage = serverAuth, clientAuth\n' || printf 'extendedKeyUsage = clientAuth\n'
  [ -n "$2" ] || return 0
  local host names=''
  for host in ${2//,/ }; do
    if [[ $host =~ ^[0-9.]+$ || $host == *:* ]]; then names+=",IP:$host"; else names+=",DNS:$host"; fi
  done
  printf 'subjectAltName = %s\n' "${names#,}"
}

if [ ! -e authority.key.pem ]; then
  openssl req -config "$work/req.cnf" "${curve[@]}" -x509 -sha256 -days 3650 -subj '/CN=quorate authority' \
    -addext 'basicConstraints = critical, CA:TRUE, pathlen:0' -addext 'keyUsage = critical, keyCertSign, cRLSign' \
    -keyout authority.key.pem -out authority.pem 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
fi
for each; do
  kind=member subject=''
  if [[ $each == client:* ]]; then kind=client subject=/OU=client; fi
  each=${each#client:}
  id=${each%%=*}
  hosts=${each#"$id"}
  [ ! -e "./$id.key.pem" ] || { echo "$id.key.pem is there already: nothing was made for $id"; continue; }
  extensions "$kind" "${hosts#=}" >"$work/extensions.cnf"
  { openssl req -config "$work/req.cnf" "${curve[@]}" -sha256 -subj "$subject/CN=$id" -keyout "$work/key.pem" -out "$work/request.pem" &&
    openssl x509 -req -sha256 -days "$days" -in "$work/request.pem" -CA authority.pem -CAkey authority.key.pem \
      -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/extensions.cnf" -out "$work/certificate.pem"; } 2>"$work/said" ||
    { cat "$work/said" >&2; exit 1; }
  mv "$work/certificate.pem" "./$id.pem"
  mv "$work/key.pem" "./$id.key.pem"
  echo "$directory/$id.pem and $id.key.pem: for a $kind, valid for $days days"
done
