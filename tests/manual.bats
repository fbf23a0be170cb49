# The manual: what it says of each option is what --help says, and its examples do what it says.

load helpers/common
load helpers/words
load helpers/private
load helpers/manual

# manual_options PAGE: the options that PAGE documents, from its source: each `.It Fl` line as --help
# would show it, such as `-w, --wait DURATION` or `--keepalive[=IDLE[,INTERVAL]]`.
manual_options() {
	awk '
		function add(text) {
			line = line (line == "" || glued || text == "," || text == "]" ? "" : " ") text
			glued = text == "["
		}
		/^\.It Fl / {
			line = ""
			glued = flag = open = 0
			for (i = 2; i <= NF; i++) {
				gsub(/\\[&]|\\-/, "", $i)
				if ($i == "Fl") { flag = 1; continue }
				if ($i == "Ar") { flag = 0; continue }
				if ($i == "Ns") { glued = 1; continue }
				if ($i == "Op") { flag = 0; add("["); open++; continue }
				add((flag ? "-" : "") $i)
				flag = 0
			}
			while (open-- > 0) add("]")
			print line
		}' "$1"
}

# help_options SUBCOMMAND: the options in its help, in the same form.
help_options() {
	"$SOCKIT" "$1" --help | sed -n 's/^ *\(-.*\)/\1/p' | sed 's/   *.*//'
}

# Options.

@test "the manual's options can be read" {
	[ "$(manual_options - <<-'END'
		.It Fl w , Fl -wait Ar DURATION
		.It Fl -retry Ar DURATION
		.It Fl 4 , Fl -ipv4
		.It Fl -keepalive Ns Op = Ns Ar IDLE Ns Op , Ns Ar INTERVAL
		.It Fl -sockopt Ar NAME Ns Op = Ns Ar VALUE
		.It Ar HOST
		.It 128+S
	END
	)" = '-w, --wait DURATION
--retry DURATION
-4, --ipv4
--keepalive[=IDLE[,INTERVAL]]
--sockopt NAME[=VALUE]' ]
	[ "$(help_options connect | wc -l)" -ge 20 ]
	help_options connect | grep -qx -- '-w, --wait DURATION'
	help_options connect | grep -qx -- '-q, --quit-after-eof DURATION'
	help_options connect | grep -qx -- '--nodelay'
}

@test "each subcommand has a page, and each page a subcommand" {
	local command page
	for command in $(subcommands); do
		[ -f "$MAN/sockit-$command.1" ]
	done
	for page in "$MAN"/sockit-*.1; do
		page=${page##*/sockit-}
		subcommands | grep -qx "${page%.1}"
	done
	[ -f "$MAN/sockit.1" ]
}

@test "each option of --help stands in the manual, with its letter and argument" {
	local command
	for command in $(subcommands); do
		{
			manual_options "$MAN/sockit.1"
			manual_options "$MAN/sockit-$command.1"
		} | sort >manual
		help_options "$command" | sort >help
		[ -s help ]
		comm -13 manual help >missing
		[ ! -s missing ] || {
			sed "s/^/sockit $command: not in the manual: /" missing
			return 1
		}
		# No option has two places.
		[ -z "$(sed 's/.*--\([a-z0-9-]*\).*/\1/' manual | sort | uniq -d)" ]
	done
}

@test "-h is less than --help, and both stand in the manual" {
	local command
	for command in $(subcommands); do
		"$SOCKIT" "$command" -h | sed -nE 's/^ +(-[-a-zA-Z0-9].*)/\1/p' | sed -E 's/([^ ])  +.*/\1/; s/ \.*$//' >brief
		[ "$(wc -l <brief)" -ge 5 ] && [ "$(wc -l <brief)" -lt "$(help_options "$command" | wc -l)" ]
		# The same names and arguments.
		help_options "$command" | sort >help
		sort brief | comm -23 - help >missing
		silent missing
	done
}

@test "each option of the manual stands in --help" {
	local command
	: >all
	for command in $(subcommands); do
		help_options "$command" | sort >help
		cat help >>all
		manual_options "$MAN/sockit-$command.1" | sort >manual
		comm -23 manual help >missing
		[ ! -s missing ] || {
			sed "s/^/sockit-$command(1): not in the help: /" missing
			return 1
		}
	done
	manual_options "$MAN/sockit.1" | sort >manual
	[ -s manual ]
	sort -u all | comm -23 manual - >missing
	[ ! -s missing ] || {
		sed 's/^/sockit(1): in no help: /' missing
		return 1
	}
}

@test "each name of --sockopt stands in the manual" {
	local name names
	mapfile -t names < <("$SOCKIT" sockname --options | cut -f 1)
	[ ${#names[@]} -ge 20 ]
	for name in "${names[@]}"; do
		STATUS=0
		within 10 "$SOCKIT" connect --sockopt "$name=" h 1 </dev/null 2>err || STATUS=$?
		! grep -q 'is unknown' err || fault "$name"
		grep -qw "$name" "$MAN/sockit.1" || {
			echo "$name is not in sockit(1)"
			return 1
		}
	done
	# And those of the manual are known.
	[ "$(platform)" = linux ] || return 0
	mapfile -t names < <(sed -n '/^\.It Fl -sockopt/,/^\.El/s/^\.Dv //p' "$MAN/sockit.1" |
		grep -oE '\b(SO|TCP|IP|IPV6)_[A-Z0-9_]+\b')
	[ ${#names[@]} -ge 20 ]
	for name in "${names[@]}"; do
		within 10 "$SOCKIT" connect --sockopt "$name=" h 1 </dev/null 2>err || :
		! grep -q 'is unknown' err || {
			cat err
			return 1
		}
	done
}

@test "each event of --json, each of its members and each reason stands in the manual" {
	local page word section
	python3 - "$MAN/schema.json" <<-'END' >words
		import json, sys
		rules = json.load(open(sys.argv[1]))['$defs'].values()
		words = set()
		for rule in rules:
		    page = rule.get('title', 'sockit')
		    for name, member in rule.get('properties', {}).items():
		        words |= {(page, member.get('const', name) if name == 'event' else name)}
		        if name in ('why', 'class'):
		            words |= {(page, value) for value in member.get('enum', [])}
		for page, word in sorted(words):
		    if not word.endswith('_base64') and word != 'subcommand':
		        print(page, word)
	END
	[ "$(wc -l <words)" -ge 50 ]
	while read -r page word; do
		section=section.$page
		[ -f "$section" ] || sed -n '/^\.Sh JSON/,/^\.Sh [^J]/p' "$MAN/$page.1" |
			tr -s ' ,\n' ' ' >"$section"
		grep -qE "(Cm|Ql|Cm [a-z_ ]*|Ql [a-z ]*) \(? ?$word( |$)" "$section" || {
			echo "$word is not in $page(1)"
			return 1
		}
	done <words
}

@test "no quoted word holds a comma: each has quotes of its own" {
	local page
	for page in $(pages); do
		mandoc -Tutf8 "$page" 2>/dev/null | col -bx | tr -s ' \n' ' ' >text
		# shellcheck disable=SC1112 # as the pages quote
		! grep -oE '‘[^’]*(, |‘)[^’]*’' text || {
			echo "in ${page##*/}"
			return 1
		}
	done
}

@test "each exit status stands in each page" {
	local page
	for page in $(pages 1); do
		for status in 0 1 2 3 4 128+S; do
			sed -n '/^\.Sh EXIT STATUS/,/^\.Sh [^E]/p' "$page" | grep -qx -- "\\.It $status"
		done
	done
}

@test "mandoc has no complaint" {
	needs mandoc mandoc
	local page
	for page in $(pages); do
		mandoc -Tlint -W warning "$page" >complaints 2>&1 || :
		[ ! -s complaints ] || {
			cat complaints
			return 1
		}
	done
}

@test "no line of the manual is cut where it is shown" {
	needs mandoc mandoc
	local page
	for page in $(pages); do
		mandoc -Tascii -O width=80 "$page" | col -b >text
		[ "$(wc -l <text)" -gt 20 ]
		awk -v page="${page##*/}" 'length > 80 { print page ": " $0; long = 1 } END { exit long }' text
	done
}

# Examples.

# example NAME: runs the lines of that example as they stand in the manual, but for its port, which
# becomes one that is free; what it prints is in the file out, its messages in err. Compares what it
# prints with the block `output: NAME`, if there is one, else it must end well.
example() {
	block test "$1" >lines
	[ -s lines ]
	mkdir bin empty
	ln -s "$SOCKIT" bin/sockit
	sed "s/\\b9000\\b/$(free_port)/g" lines >script
	STATUS=0
	(cd empty && PATH=$PWD/../bin:$PATH within 60 bash ../script) \
		</dev/null >out 2>err 3>&- || STATUS=$?
	sed 's/^/stderr: /' err
	[ "$STATUS" != 137 ]
	block output "$1" >expected || [ ! -s expected ]
	if [ -s expected ]; then
		diff -u expected <(tr -d '\r' <out)
	else
		[ "$STATUS" = 0 ]
	fi
}

@test "the tests know every example, and every block of commands is one" {
	names test >manual
	[ -s manual ]
	# Those of sections 1 and 7.
	sed -n 's/^\t\(example\|recipe\) \([a-z0-9-]*\)\( .*\)\{0,1\}$/\2/p' "$BATS_TEST_FILENAME" \
		"$BATS_TEST_DIRNAME/cookbook.bats" | sort -u >here
	diff -u manual here
	[ -z "$(uniq -d manual)" ]
	# What is printed belongs to an example.
	[ -z "$(names output | comm -23 - manual)" ]
	local page
	for page in $(pages); do
		awk '
			/^\.Sh / { examples = FILENAME ~ /7$/ || $2 == "EXAMPLES" }
			examples && /^\.Bd -literal/ && before !~ /^\.\\" (test|output|old): / {
				print FILENAME ": " FNR ": what is this block?"
				bad = 1
			}
			{ before = $0 }
			END { exit bad }' "$page"
	done
}

@test "each recipe has a title, a command that was used before, and a new one" {
	awk '
		function check() {
			if (title != "" && (old == "" || old != new))
				print title ": old: " old ", test: " new
		}
		/^\.S[hs] / { check(); title = old = new = ""; n += /^\.Ss / }
		/^\.Ss / { title = $0 }
		/^\.\\" old: / { old = old $3 }
		/^\.\\" test: / { new = new $3 }
		END { exit n < 30 }' "$MAN/sockit-cookbook.7" >faults
	silent faults
}

@test "example: a request by hand to an HTTP server" {
	example http-request
}

@test "example: wait for a service to come up" {
	example wait-for-service
}

@test "example: receive only" {
	example recv-only
}

@test "example: a limit to the time in which nothing comes" {
	example idle-limit
}

@test "example: figures at the end" {
	example stats
	grep -q '^sockit connect: sent 67108864 bytes, received 0 bytes in ' err
}

@test "example: a log" {
	example append-log
}

@test "example: a log that several clients write to" {
	example several-clients
}

@test "example: the same data to everybody" {
	example to-everybody
}

@test "example: a directory tree" {
	example tar
}

@test "example: a limit for the whole run" {
	example time-limit
}

@test "example: a port that the kernel chooses" {
	example any-port
}

@test "example: clients by IPv6 only" {
	example ipv6-only
}

@test "example: copy a file" {
	example copy-file
}

@test "example: both ways at once" {
	example both-ways
}

@test "example: a command that speaks with a service" {
	example command-speaks
}

@test "example: a service as a shell script" {
	example shell-service
}

@test "example: a page for browsers" {
	needs curl curl
	example web-page
}

@test "example: the command's exit status" {
	example command-status
}

@test "example: an echo" {
	example echo
}

@test "example: how fast is the way" {
	example discard
	grep -q '^sockit listen: sent 0 bytes, received 67108864 bytes in ' err
}

@test "example: a UNIX socket's service on a port" {
	example forward
}

@test "example: a SOCKS proxy" {
	needs curl curl
	example proxy-server
}

@test "example: an HTTP proxy" {
	needs curl curl
	example http-proxy-server
}

@test "example: messages for a program" {
	example json
}

@test "example: a rate, and how far it is" {
	example rate-progress
}

@test "example: a hex dump" {
	example dump
}

@test "example: log in to a telnet server from a script" {
	example telnet-login
}

@test "example: a chat" {
	example chat
}

@test "example: lists of who may connect" {
	example access-lists
}

@test "example: a socket that was handed over" {
	example activation
}

@test "example: a service and its port" {
	example servinfo-name
}

@test "example: a port for a script" {
	example servinfo-port
}

@test "example: the services of a range" {
	example servinfo-range
}

@test "example: a protocol" {
	example servinfo-protocol
	[[ $(<out) == '{"name":"udp","number":17,'* ]]
}

@test "example: the address that others see" {
	example sockname-local
}

@test "example: who listens" {
	[ "$(platform)" = linux ] || skip 'on Linux only'
	example sockname-listening
}

@test "example: a connection that is looked at" {
	example sockname-connect
}

@test "example: the socket that is stdin" {
	example sockname-fd
}

@test "example: the default of a socket option" {
	example sockname-options
}

@test "example: the address of a name" {
	example resolve-first
}

@test "example: many names" {
	example resolve-many
}

@test "example: the forms of an address" {
	example resolve-forms
}

@test "example: asking one DNS server" {
	needs dnsmasq dnsmasq-base
	PATH=$PATH:/usr/sbin
	example resolve-server
}

@test "example: an explanation" {
	example resolve-explain
}

@test "example: a connection explained" {
	example connect-explain
}

@test "example: names as JSON" {
	example resolve-json
}

@test "example: counters for a statsd" {
	example statsd
}

@test "example: a question by UDP" {
	example udp-ask
}

@test "example: does anybody answer" {
	example udp-probe
}

@test "example: a file in datagrams" {
	example udp-file
}

@test "example: wake a machine" {
	broadcasting
	example wake
}

@test "example: who is there" {
	broadcasting
	example who-is-there
}

# broadcasting: from here on $SOCKIT runs in a network of its own, where nobody answers.
broadcasting() {
	private </dev/null
	mkfifo there
	# shellcheck disable=SC2016 # for that shell
	inside unshare -n sh -c 'echo $$ >there; exec sleep 600' 3>&- &
	PIDS+=("$!")
	local other
	read -r other <there
	PIDS+=("$other")
	inside ip link add va type veth peer name vb
	inside ip link set vb netns "$other"
	inside ip addr add 10.1.0.1/24 brd + dev va
	inside ip link set va up
	inside nsenter -t "$other" -n ip link set vb up
}

@test "example: datagrams as lines" {
	needs_ipv6
	example udp-lines
}

@test "example: datagrams with their boundaries" {
	needs_ipv6
	example udp-keep
}

@test "example: a command for each datagram" {
	example udp-command
}

@test "example: datagrams that are passed on" {
	needs_ipv6
	example udp-forward
}

@test "example: datagrams for a program" {
	needs_ipv6
	example udp-json
}

@test "example: a command behind a UNIX socket" {
	example unix-command
}

@test "example: a UNIX socket as a client of a port sees it" {
	example unix-forward
}

@test "example: packets" {
	example unix-packets
}

@test "example: what a service tells by datagrams" {
	example unix-notify
}

@test "example: an open file that is handed over" {
	example unix-pass
}

@test "example: which ports are open" {
	example scan
}

@test "example: start when what is needed is there" {
	example start-order
}

@test "example: wait until a port is free" {
	example wait-closed
}

@test "example: how long connecting takes" {
	example ping
	grep -q ': 3 sent, 3 answered, 0 lost (0%) in ' out
}

@test "example: how large a packet may be" {
	[ "$(platform)" = linux ] || skip 'portable'
	example mtu
	grep -q ': path MTU 65536: the interface takes no more$' out
}

@test "example: a loop over what a probe tells" {
	needs jq jq
	example probe-json
}

@test "example: what a server of TLS says" {
	needs jq jq
	needs openssl openssl
	example probe-tls
}

@test "example: a service that answers as it should" {
	example pong
}

@test "example: through a proxy" {
	needs microsocks microsocks
	example proxy
}
