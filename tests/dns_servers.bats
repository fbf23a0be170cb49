# resolve --record against the name servers that people run: each serves the zone of helpers/records.zone, which has
# records of all types, and what sockit tells of its answers is what dig tells.

load helpers/common
load helpers/words
load helpers/private

# started_as COMMAND...: the server that runs so in a network of its own answers there, at port 53.
started_as() {
	needs dig bind9-dnsutils
	needs "$1" "$PACKAGE"
	private <<<'127.0.0.1 localhost'
	inside "$@" </dev/null >server.out 2>&1 3>&- &
	started
	if ! eventually answers_now "$PID" SOA records.test || ! runs "$PID"; then
		cat server.out
		return 1
	fi
}
answers_now() {
	runs "$1" || return 0
	inside dig @127.0.0.1 +short +tries=1 +time=1 "${@:2}" | grep -q '^[^;]'
}

# each_of ZONE NAME: a question a line, for each name and type of that file, which is the zone NAME.
each_of() {
	awk -v zone="$2" '!/^\$/ { print ($1 == "@" ? "" : $1 ".") zone, $2 }' "$1" | sort -u
}

# alike [+DIG'S OPTION...] [OPTION...] <QUESTIONS: the two tell the same; what sockit tells is left in the file got.
alike() {
	local name type n=0
	local -a dig=(@127.0.0.1 +noall +comments +answer +nosplit +notcp) asked=() options=()
	for name in "$@"; do
		[[ $name == [+@]* ]] && dig+=("$name") || options+=("$name")
	done
	: >got
	while read -r name type; do
		asked+=("$name" "$type")
		sockit resolve -v -a --server 127.0.0.1 --record "$type" "${options[@]}" "$name"
		sed -nE "s/^sockit resolve: [^ ]* asked [^,]*, [^:]*: /$((++n)) = /p" err >>got
		cut -f 2- out | sed "s/^/$n /" >>got
	done
	inside dig "${dig[@]}" "${asked[@]}" | awk -f "$BATS_TEST_DIRNAME/helpers/dig_heads.awk" | LC_ALL=C sort >expected
	LC_ALL=C sort -o got got
	[ "$n" -gt 0 ] && [ "$(grep -c ' = ' got)" = "$n" ]
	diff expected got
}

# all_alike: so it is of all records, by UDP and by TCP; of a name and of a type that are not there; of another's
# zone, where the server refuses; and of ANY.
all_alike() {
	{
		each_of "$BATS_TEST_DIRNAME/helpers/records.zone" records.test
		printf '%s\n' 'nosuch.records.test A' 'r.records.test TYPE65281' 'x.wild.records.test A' \
			'r.records.test ANY' 'other.test MX'
	} >questions
	alike <questions
	grep -qE '^[0-9]+ = NXDOMAIN ' got
	alike +tcp --tcp <questions
	# It does not fit into a datagram.
	sockit resolve -v --server 127.0.0.1 --record A big.records.test
	[ "$(wc -l <out)" = 100 ]
	grep -q ': asked 127.0.0.1 port 53 by TCP, ' err
}

# signed_alike: the same of a zone that the server signs.
signed_alike() {
	eventually answers_now "$PID" RRSIG signed.test
	{
		each_of signed.zone signed.test
		printf '%s\n' 'signed.test DNSKEY' 'signed.test CDS' 'signed.test CDNSKEY' 'nosuch.signed.test A' \
			'signed.test NSEC' 'signed.test NSEC3PARAM' 'signed.test RRSIG' 'signed.test ANY'
	} >questions
	alike +dnssec --dnssec <questions
	grep -q $'\tRRSIG\t' got
	grep -q $'\tDNSKEY\t257 ' got
}

# signed_zone: what is to be signed stands in the file signed.zone.
signed_zone() {
	cat >signed.zone <<-'END'
		$TTL 60
		@ SOA ns host 1 7200 3600 1209600 300
		@ NS ns
		ns A 127.0.0.1
		r TXT hello
		child NS ns
		child DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
	END
}

@test "nsd tells us what it tells dig" {
	cat >nsd.conf <<-END
		server:
		  ip-address: 127.0.0.1
		  username: ""
		  chroot: ""
		  zonesdir: "$BATS_TEST_DIRNAME/helpers"
		  database: ""
		  pidfile: "$PWD/nsd.pid"
		  xfrdfile: "$PWD/xfrd"
		  xfrdir: "$PWD"
		  zonelistfile: "$PWD/zonelist"
		  cookie-secret-file: "$PWD/cookie"
		remote-control:
		  control-enable: no
		zone:
		  name: "records.test"
		  zonefile: "records.zone"
	END
	PACKAGE=nsd started_as nsd -d -c nsd.conf
	all_alike
	# What the server says itself.
	sockit resolve --server 127.0.0.1 --json --tcp --record CAA r.records.test
	python3 -S "$BATS_TEST_DIRNAME/helpers/schema.py" out
	grep -q '"rcode":"NOERROR","flags":\["AA"\],"edns_size":1232,"records":' out
}

@test "named tells us what it tells dig" {
	signed_zone
	cp signed.zone other.zone
	cat >named.conf <<-END
		options {
			directory "$PWD";
			listen-on { 127.0.0.1; };
			listen-on-v6 { none; };
			pid-file none;
			session-keyfile none;
			recursion no;
			notify no;
			dnssec-validation no;
		};
		controls { };
		zone "records.test" { type primary; file "$BATS_TEST_DIRNAME/helpers/records.zone"; };
		zone "signed.test" { type primary; file "signed.zone"; dnssec-policy default; inline-signing yes; };
		zone "other.test" { type primary; file "other.zone"; allow-query { none; }; };
	END
	PACKAGE=bind9 started_as named -g -n 1 -c named.conf
	all_alike
	grep -q ' = REFUSED, EDNS 1232; extended error 18 Prohibited$' got
	signed_alike
	grep -q $'\tNSEC\t' got
}

@test "knotd tells us what it tells dig" {
	signed_zone
	cat >knot.conf <<-END
		server:
		  listen: 127.0.0.1@53
		  rundir: $PWD
		  udp-workers: 1
		  tcp-workers: 1
		  background-workers: 1
		database:
		  storage: $PWD
		policy:
		  - id: nsec3
		    nsec3: on
		    nsec3-iterations: 0
		    nsec3-salt-length: 4
		template:
		  - id: default
		    storage: $PWD
		    zonefile-sync: -1
		    zonefile-load: whole
		    journal-content: none
		    semantic-checks: off
		zone:
		  - domain: records.test
		    file: $BATS_TEST_DIRNAME/helpers/records.zone
		  - domain: signed.test
		    file: signed.zone
		    dnssec-signing: on
		    dnssec-policy: nsec3
	END
	PACKAGE=knot started_as knotd -c knot.conf
	all_alike
	grep -q ' = REFUSED, EDNS 1232; extended error 20 Not Authoritative$' got
	signed_alike
	grep -q $'\tNSEC3PARAM\t1 0 0 ' got
}

@test "unbound tells us what it tells dig" {
	cat >unbound.conf <<-END
		server:
		  interface: 127.0.0.1
		  interface: ::1
		  access-control: 127.0.0.1 allow
		  access-control: ::1 refuse
		  username: ""
		  chroot: ""
		  directory: "$PWD"
		  pidfile: ""
		  use-syslog: no
		  ede: yes
		  local-zone: "test." nodefault
		  local-zone: "other.test." refuse
		remote-control:
		  control-enable: no
		auth-zone:
		  name: "records.test"
		  zonefile: "$BATS_TEST_DIRNAME/helpers/records.zone"
	END
	PACKAGE=unbound started_as unbound -d -p -c unbound.conf
	all_alike
	grep -q REFUSED got
	sockit resolve --server ::1 r.records.test
	told 3 'sockit resolve: r.records.test: ::1 port 53: the server failed (REFUSED), Prohibited (EAI_FAIL)'
}
