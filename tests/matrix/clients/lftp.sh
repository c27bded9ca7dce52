#!/bin/bash
# lftp (GnuTLS in Debian).
set -euo pipefail
host=$1 port=$2 security=$3 version=$4 data=$5 ca=$6 file=$7 received=$8

[[ $host != *:* ]] || host="[$host]"
scheme=ftp
[ "$security" = explicit ] || scheme=ftps
passive=true
[ "$data" = passive ] || passive=false
name=$(basename "$file")

# HOME: no settings of the user's, no history. The listing is taken anew, not from the cache.
export HOME=$(dirname "$received")
commands="set cmd:fail-exit yes
set net:max-retries 1
set net:timeout 20
set cache:enable no
set ssl:ca-file $ca
set ssl:priority NORMAL:-VERS-ALL:+VERS-TLS$version
set ftp:ssl-force yes
set ftp:ssl-protect-list yes
set ftp:passive-mode $passive
open -u ftp,secret -p $port $scheme://$host
put $file
echo upload
cls -1 $name
echo list
get $name -o $received
echo download
bye"
output=$(lftp -f <(echo "$commands"))
echo "$output"
grep -qx "$name" <<<"$output" || { echo "the listing lacks the file" >&2 && exit 1; }
