# The manual's pages, and the examples in them: load helpers/manual (after helpers/common)

MAN=$BATS_TEST_DIRNAME/../man

# pages [SECTION]: the pages, of all sections or of one.
pages() {
	printf '%s\n' "$MAN"/*."${1-[17]}"
}

# block KIND NAME: the lines of the literal block after the comment `KIND: NAME`, in whichever page.
block() {
	local IFS=$'\n'
	# shellcheck disable=SC2046 # one word for each page
	awk -v comment=".\\\\\" $1: $2" '
		$0 == comment { found = 1; next }
		found == 1 && /^\.Bd -literal/ { found = 2; next }
		found == 1 { exit 1 }
		found == 2 && /^\.Ed/ { exit }
		found == 2 {
			gsub(/\\&/, "")
			gsub(/\\-/, "-")
			gsub(/\\\(aq/, "\047")
			gsub(/\\\(ha/, "^")
			gsub(/\\e/, "\\")
			print
		}
	' $(pages)
}

# names KIND: the names in all comments `KIND: NAME`.
names() {
	local IFS=$'\n'
	# shellcheck disable=SC2046
	sed -n "s/^\\.\\\\\" $1: *//p" $(pages) | sort
}

# bound tcp|udp PORT: somebody has it here, or in the network of `private`.
bound() {
	local net=/proc/${PRIVATE-self}/net state=07
	[ "$1" != tcp ] || state=0A
	cat "$net/$1" "$net/${1}6" 2>/dev/null |
		awk -v state=$state -v port="$(printf ':%04X' "$2")" '
			$4 == state && substr($2, length($2) - 4) == port { found = 1 }
			END { exit !found }'
}
