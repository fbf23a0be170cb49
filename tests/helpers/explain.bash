# What an explanation prints: load helpers/explain (after helpers/common and helpers/words)

# A time at the end of a step.
# shellcheck disable=SC2034 # for the tests
MS='~[0-9]+\.[0-9] ms'

# order WORD...: the steps come in that order; others may stand between them.
order() {
	local step
	while read -r step; do
		[ "$step" != "${1-}" ] || shift
	done < <(cut -f 1 out)
	[ $# = 0 ] || fault "not in that order: $*"
}

# step PATTERN: is there just one line that is so? `~` is a tab.
step() {
	[ "$(grep -cxE "${1//\~/$'\t'}" out)" = 1 ] || fault "no such step: $1"
}

# wrong PATTERN...: the last lines say that, one each, and nothing else. None: there is no such line.
wrong() {
	local found pattern i=0
	mapfile -t found < <(grep ^wrong out)
	[ ${#found[@]} = $# ] || fault "${#found[@]} things are wrong, not $#"
	[ $# = 0 ] || [ "$(tail -n $# out)" = "$(printf '%s\n' "${found[@]}")" ] || fault 'not at the end'
	for pattern in "$@"; do
		[[ ${found[i++]} =~ ^wrong$'\t'$pattern$ ]] || fault "not wrong: $pattern"
	done
}
