# src/README, the page for whoever carries the program on: what it names is there.
# shellcheck disable=SC2016 # backquotes of the page

load helpers/common

TOP=$BATS_TEST_DIRNAME/..

# Whatever stands in our code before a parenthesis; in a comment alone it is no function.
setup_file() {
	cat "$TOP"/src/*.[ch] "$TOP"/src/*/*.[ch] | grep -vE '^[[:space:]]*(/\*|\*)' |
		LC_ALL=C grep -oE '[a-z0-9_]+\(' | sort -u >"$BATS_FILE_TMPDIR/functions"
}

# words_of PAGE: its words, a line each, without what stands around them. Behind each the pattern that it is where
# capitals, and the x of x_linux.c, stand for any name.
words_of() {
	tr -s '[:space:]`"(),;=' '\n' <"$1" | sed -E "s/^['<]+//; s/['.:>?!]+\$//" | grep . | sort -u |
		sed -E 'h; s/[A-Z]+/*/g; s/^x_/*_/; H; x; s/\n/\t/'
}

# names_path WORD: does it look like a path of this tree? One begins with a folder that we have, or it has an ending
# of ours, or it says by a slash at its end that it is a folder. What is absolute, or made by make, is none.
names_path() {
	case $1 in
	/* | ~* | obj/* | *://* | -*) false ;;
	*/ | *.[ch] | *.'[ch]' | *.py | *.bats | *.bash) [[ $1 != .[a-z]* ]] ;;
	*/*) [ -d "$TOP/src/${1%%/*}" ] || [ -d "$TOP/${1%%/*}" ] ;;
	*) false ;;
	esac
}

# is_there PATTERN...: one of them names a file or folder, from the top or from src/ on; without a folder one anywhere in
# there. The ending .c or .h may be left out.
is_there() {
	local word
	for word; do
		! matches "$word" "src/$word" "$word.[ch]" "src/$word.[ch]" || return 0
		[[ $word == */* ]] || ! matches "*/$word" "*/*/$word" || return 0
	done
	return 1
}
# matches PATTERN...: is there anything as one of them says, from the top on?
matches() {
	local pattern path
	for pattern; do
		for path in "$TOP/"$pattern; do
			[ ! -e "$path" ] || return 0
		done
	done
	return 1
}

# faults_of PAGE: what is wrong with it, a line each.
faults_of() {
	local word pattern lines
	words_of "$1" >words
	while read -r word pattern; do
		! names_path "$word" || is_there "$word" "$pattern" || echo "$word is not there"
	done <words
	sed -nE 's,^(src/)?([^/]+/).*,\2,p' words >folders
	(cd "$TOP/src" && printf '%s\n' */) | grep -vxFf folders | sed 's/^/nothing is said of /'
	grep -oE '[a-z_][a-z0-9_]*\(\)' "$1" | sort -u | tr -d ')' | grep -vxFf "$BATS_FILE_TMPDIR/functions" |
		sed 's/$/) is no function of ours/'
	lines=$(($(wc -l <"$1")))
	[ $lines -le 150 ] || echo "$lines lines, and 150 are enough"
}

@test "the check of the page finds what is wrong" {
	local folder sentence word
	{
		for folder in "$TOP"/src/*/; do
			folder=${folder%/}
			echo "    ${folder##*/}/    and/or something, read/write, 1/2"
		done
		echo 'main.c, src/main.c, `base/text`, (base/text.h), base/text.[ch] and base/*.c; tests/run, tests/fuzz/,'
		echo 'tests/build.bats. Twins: x_linux.c. Else man/NAME.1. See /proc/self/fd, obj/fuzz/cli, https://example.com/a.c: main() polls'
	} >page
	faults_of page >found
	silent found
	while read -r sentence; do
		{ cat page && echo "$sentence"; } >mutant
		faults_of mutant >found
		word=${sentence%% *}
		says "^${word//()/\\(\\)} is (not there|no function of ours)\$" found
	done <<-'END'
		base/nothing
		base/nothing.c too
		base/NOTHINGq.c
		nothing/
		src/nothing.h
		tests/nothing
		nothing_linux.c
		nothing_at_all() does it
	END
	grep -v '^    base/' page | sed 's,base/,,g' >mutant
	faults_of mutant | grep -qx 'nothing is said of base/'
	yes | head -n 151 | cat page - >mutant
	faults_of mutant >found
	says 'lines, and 150 are enough$' found
}

@test "what src/README names is there, each folder is named, and it is short" {
	[ -f "$TOP/src/README" ]
	faults_of "$TOP/src/README" >found
	silent found
}
