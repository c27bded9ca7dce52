#!/bin/bash
# The unit is one that systemd understands wholly and calls well protected, alone and with each of
# the drop-ins. Usage: systemd.sh FOLDER, the folder packaging/systemd.
set -euo pipefail

folder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(systemctl --version | sed -nE '1s/^systemd ([0-9]+).*/\1/p')
unit=$work/hsmfront.service
# The program need not be installed here.
sed 's|/usr/bin/hsmfront|/bin/true|' "$folder/hsmfront.service" >"$unit"

# An unknown key is only worth a line to systemd, so any line is a failure.
accepted() {
    local said
    said=$(systemd-analyze verify --man=no "$unit" 2>&1) || true
    if [ -n "$said" ]; then
        printf '%s: not understood:\n%s\n' "$1" "$said" >&2
        return 1
    fi
    said=$(systemd-analyze security --no-pager --offline=true --threshold=20 "$unit" 2>&1) || {
        printf '%s: exposed too much:\n%s\n' "$1" "$said" >&2
        return 1
    }
    printf '%s: %s\n' "$1" "$(tail -n 1 <<<"$said")"
}

accepted hsmfront.service
for drop_in in "$folder"/drop-ins/*.conf; do
    if [ "${drop_in##*/}" = notify-reload.conf ] && [ "$version" -lt 253 ]; then
        echo "notify-reload.conf: is for systemd 253, this is $version"
        continue
    fi
    install -D -m 644 "$drop_in" "$unit.d/drop-in.conf"
    accepted "${drop_in##*/}"
done
rm -r "$unit.d"

# What the checks are for.
refused() {
    if accepted "$1" 2>/dev/null; then
        echo "accepted: $1" >&2
        return 1
    fi
}
sed -i 's/^RestartSec=/RestartSeconds=/' "$unit"
refused "a misspelt key"
sed 's|/usr/bin/hsmfront|/bin/true|; /^SystemCallFilter=/d; /^Protect/d' \
    "$folder/hsmfront.service" >"$unit"
refused "half of the protection"
