#!/bin/bash
# "cmake --install" puts everything in its place, and keeps a configuration that is there.
# Usage: install.sh CMAKE BUILD-FOLDER
set -euo pipefail

cmake=$1 build=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

"$cmake" --install "$build" --prefix "$root" --strip >/dev/null
for file in bin/hsmfront etc/hsmfront/hsmfront.yaml etc/hsmfront/certs \
    lib/systemd/system/hsmfront.service lib/sysusers.d/hsmfront.conf \
    share/bash-completion/completions/hsmfront share/zsh/site-functions/_hsmfront \
    share/doc/hsmfront/{README.md,LICENSE,examples/drop-ins/nshield.conf} \
    share/hsmfront/{hsmfront.schema.json,internal-ca.sh} \
    share/man/man5/hsmfront.yaml.5 share/man/man8/hsmfront.8; do
    [ -e "$root/$file" ] || { echo "$file is missing" >&2 && exit 1; }
done
"$root/bin/hsmfront" check -c "$root/etc/hsmfront/hsmfront.yaml"

echo '# mine' >"$root/etc/hsmfront/hsmfront.yaml"
"$cmake" --install "$build" --prefix "$root" --strip >/dev/null
grep -qx '# mine' "$root/etc/hsmfront/hsmfront.yaml"
