#!/bin/bash
# The completions offer every command and option of the program, and nothing breaks off.
# Usage: completion.sh HSMFRONT FOLDER, the folder with hsmfront.bash and hsmfront.zsh.
set -euo pipefail

program=$1 folder=$2 failed=0
# shellcheck source=/dev/null
. "$folder/hsmfront.bash"

# complete_words WORD...: what is offered for the last of the words, one a line.
complete_words() {
    COMP_WORDS=(hsmfront "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _hsmfront
    [ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
}

# offers WANTED WORD...
offers() {
    local wanted=$1
    shift
    # Not into "grep -q", which leaves before everything is written.
    [[ $'\n'$(complete_words "$@")$'\n' == *$'\n'"$wanted"$'\n'* ]] || {
        echo "bash: \"$wanted\" is not offered for: hsmfront $*" >&2
        failed=1
    }
}

# in_zsh TEXT: zsh's completion is read as text.
in_zsh() {
    grep -qF -e "$1" "$folder/hsmfront.zsh" || {
        echo "zsh: no $1" >&2
        failed=1
    }
}

commands=$("$program" --help | sed -nE 's/^  ([a-z]+( [a-z]+)?)  .*/\1/p')
[ "$(wc -l <<<"$commands")" -gt 10 ] || failed=1
while IFS= read -r command; do
    read -ra words <<<"$command"
    offers "${words[0]}" ''
    offers "${words[0]}" "${words[0]:0:2}"
    offers "${words[0]}" help ''
    if [ ${#words[@]} -eq 2 ]; then
        offers "${words[1]}" "${words[0]}" ''
    fi
    case $command in version | help) continue ;; esac
    in_zsh "('$command')"
    while IFS= read -r option; do
        offers "$option" "${words[@]}" -
        offers "$option" "${words[@]}" "${option:0:4}"
        [ "$option" = --help ] || in_zsh "$option"
    done < <("$program" "${words[@]}" --help | sed -nE 's/^ +(-[a-z], )?(--[a-z-]+).*/\2/p')
done <<<"$commands"

cd "$(mktemp -d)"
touch 'two words.yaml' ftpd.crt
offers 'two words.yaml' check -c tw
offers 'two words.yaml' check --config = tw
offers ftpd.crt cert import ftpd ''
offers hsm.signers= serve --set hsm.s
[ -z "$(complete_words key generate --type '')" ]
[ -z "$(complete_words nonsense '')" ]
rm 'two words.yaml' ftpd.crt
rmdir "$PWD"

if command -v zsh >/dev/null; then
    zsh -n "$folder/hsmfront.zsh"
fi
exit "$failed"
