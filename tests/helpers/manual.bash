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

# recipe NAME [WORD=VALUE]...: takes the commands of that recipe from the manual, each into a file command.1,
# command.2...; a command is a line and the indented ones after it. Every WORD becomes VALUE: a host, a port, a path
# or a limit that is an example on the page; nothing else changes. COOKBOOK=old tries the commands that were used
# before, where the test says nothing else.
recipe() {
	local pair
	block "${COOKBOOK-test}" "$1" >commands
	[ -s commands ]
	for pair in "${@:2}"; do
		grep -qE "(^|\W)${pair%%=*}\b" commands || {
			new # has an option that the old one has not
			echo "$1 has no ${pair%%=*}"
			return 1
		}
		sed -Ei "s|(^\|\W)${pair%%=*}\b|\1${pair#*=}|g" commands
	done
	awk '/^[^ ]/ && $0 != "done" { n++ } { print >"command." n }' commands
	mkdir bin
	ln -s "$SOCKIT" bin/sockit
	PATH=$PWD/bin:$PATH
}

# new: the rest of the test is about the new command only.
new() {
	[ "${COOKBOOK-test}" = test ] || skip 'of the new command'
}
