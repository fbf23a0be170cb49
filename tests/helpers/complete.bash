#!/usr/bin/env bash
# complete.bash SCRIPT LINE: what the completion of SCRIPT offers at the end of LINE, a line each.
#
# LINE is handed over as readline does it: in pieces, separators being pieces of their own.
set -u
# shellcheck source=/dev/null
. "$1"
COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=()
rest=$2
separators="[${COMP_WORDBREAKS//[^=:<>]/}]"
word="[^${separators:1:-1}[:blank:]\"'\\]"
while [[ $rest =~ ^[[:blank:]]*($separators+|($word|\\.|\"[^\"]*\"?|\'[^\']*\'?)+) ]]; do
	COMP_WORDS+=("${BASH_REMATCH[1]}")
	rest=${rest:${#BASH_REMATCH[0]}}
done
[ ! "$rest" ] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
current=${COMP_WORDS[COMP_CWORD]#[\"\']}
[[ $current =~ ^$separators+$ ]] && current=''

registered=$(complete -p "${COMP_WORDS[0]##*/}")
[[ $registered =~ \ -F\ ([^ ]+) ]]
"${BASH_REMATCH[1]}" "${COMP_WORDS[0]}" "$current" "${COMP_WORDS[COMP_CWORD - 1]}"
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}" | sort -u
