#!/bin/bash
# GNU Wget (GnuTLS in Debian). It only downloads: the runner puts the file there beforehand. What it
# calls TLSv1_2 is the least version, so that the version is set by GnuTLS's own words.
set -euo pipefail
host=$1 port=$2 security=$3 version=$4 data=$5 ca=$6 file=$7 received=$8

[[ $host != *:* ]] || host="[$host]"
name=$(basename "$file")
options=(--no-config --no-verbose --tries=1 --timeout=20 --ca-certificate="$ca"
    --ciphers=NORMAL:-VERS-ALL:+VERS-TLS"$version" --user=ftp --password=secret --no-hsts)
[ "$security" = explicit ] || options+=(--ftps-implicit)
[ "$data" = passive ] || options+=(--no-passive-ftp)

directory=$(dirname "$received")
cd "$directory"  # where Wget puts its .listing
wget "${options[@]}" --output-document="$directory/listing" "ftps://$host:$port/"
grep -q "$name" "$directory/listing" || { echo "the listing lacks the file" >&2 && exit 1; }
echo list
wget "${options[@]}" --output-document="$received" "ftps://$host:$port/$name"
echo download
