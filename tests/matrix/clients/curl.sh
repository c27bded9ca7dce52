#!/bin/bash
# curl's command line, one process and so one control connection for all three transfers.
set -euo pipefail
host=$1 port=$2 security=$3 version=$4 data=$5 ca=$6 file=$7 received=$8

[[ $host != *:* ]] || host="[$host]"
scheme=ftp
[ "$security" = explicit ] || scheme=ftps
url=$scheme://$host:$port/
name=$(basename "$file")

# Options count for one transfer, up to --next.
common=(--silent --show-error --globoff --user ftp:secret --cacert "$ca" --ssl-reqd
    --connect-timeout 20 --tlsv"$version" --tls-max "$version")
[ "$data" = passive ] || common+=(--ftp-port -)

step() { echo "%{stderr}%{exitcode} $1\\n"; }
listing=$(curl --fail-early \
    "${common[@]}" --upload-file "$file" --write-out "$(step upload)" "$url$name" \
    --next "${common[@]}" --list-only --write-out "$(step list)" "$url" \
    --next "${common[@]}" --output "$received" --write-out "$(step download)" "$url$name" \
    2> >(sed 's/^0 //' >&2))
grep -qx "$name" <<<"${listing//$'\r'/}" || { echo "the listing lacks the file" >&2 && exit 1; }
