# Random files that the tests of a bats file share and only read: load helpers/files (after helpers/common)

# random_files SIZE: makes them. For a setup_file of another size, or with more to do.
random_files() {
	random_file "$BATS_FILE_TMPDIR/a" "$1"
	random_file "$BATS_FILE_TMPDIR/b" "$1"
	random_file "$BATS_FILE_TMPDIR/small" 131072
}
setup_file() { random_files 8388608; }

# What goes one way, what goes the other, and 128 KiB: more than a peer takes that does not read, yet not
# more than a socket's buffer, and less than --buffer.
A() { echo "$BATS_FILE_TMPDIR/a"; }
B() { echo "$BATS_FILE_TMPDIR/b"; }
SMALL() { echo "$BATS_FILE_TMPDIR/small"; }
