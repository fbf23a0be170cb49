#!/usr/bin/env bash
# unbound does not start with a zone that has a blank within the quotes of an SVCB or HTTPS parameter, which NSD, from
# whose authors it comes, takes. Written as `\032`, or outside of quotes as `\ `, it takes the blank too.
#
# unbound 1.17.1 and NSD 4.6.1 (Debian 12, packages unbound 1.17.1-2+deb12u4 and nsd 4.6.1-1), a zone file of six lines
# as an auth-zone. The value of a parameter is a character string, in quotes or not (RFC 9460, 2.1), and what stands
# between quotes may have blanks (RFC 1035, 5.1; RFC 9460, appendix A). unbound ends the value at the blank, takes the
# rest for the next parameter, says that its key is unknown, and gives the whole server up, not that record or that zone
# alone. A TXT record with a blank in its quotes is read as it should be.
#
# Seen:	TXT "a b": NSD ok; unbound starts
#	SVCB 1 . key667="ab": NSD ok; unbound starts
#	SVCB 1 . key667="a\032b": NSD ok; unbound starts
#	SVCB 1 . key667=a\ b: NSD ok; unbound starts
#	SVCB 1 . key667="a b": NSD ok; unbound: Unknown SvcParamKey, and ends
#	HTTPS 1 . key667="a b": NSD ok; unbound: Unknown SvcParamKey, and ends
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq -o APT::Sandbox::User=root download unbound=1.17.1-2+deb12u4 nsd=4.6.1-1 \
	libevent-2.1-7=2.1.12-stable-8 libprotobuf-c1=1.4.1-1+b1 libpython3.11=3.11.2-6+deb12u9
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu

cat >conf <<END
server:
	interface: 127.0.0.1
	do-daemonize: no
	use-syslog: no
	username: ""
	chroot: ""
	directory: "$dir"
	pidfile: ""
	module-config: "iterator"
	verbosity: 1
remote-control:
	control-enable: no
auth-zone:
	name: "r.test"
	zonefile: "zone"
END

# unbound_starts: it runs until it says so, or ends.
unbound_starts() {
	local line
	while read -r line; do
		case $line in
		*'start of service'*)
			echo 'unbound starts'
			break
			;;
		*'parse error'*) echo "unbound: ${line##*: }, and ends" ;;
		esac
	done < <(unshare -rn sh -c 'ip link set lo up; exec timeout 5 root/usr/sbin/unbound -d -c conf' 2>&1)
}

ok() {
	"$@" >/dev/null 2>&1 && echo ok || echo no
}

while IFS= read -r record; do
	# shellcheck disable=SC2016 # the zone's
	printf '%s\n' '$ORIGIN r.test.' '$TTL 60' '@ SOA ns h 1 7200 3600 1209600 300' '@ NS ns' 'ns A 127.0.0.1' \
		"a $record" >zone
	echo "$record: NSD $(ok root/usr/sbin/nsd-checkzone r.test zone);" \
		"$(unbound_starts)"
done >seen <<'END'
TXT "a b"
SVCB 1 . key667="ab"
SVCB 1 . key667="a\032b"
SVCB 1 . key667=a\ b
SVCB 1 . key667="a b"
HTTPS 1 . key667="a b"
END
cat seen
diff - seen <<'END'
TXT "a b": NSD ok; unbound starts
SVCB 1 . key667="ab": NSD ok; unbound starts
SVCB 1 . key667="a\032b": NSD ok; unbound starts
SVCB 1 . key667=a\ b: NSD ok; unbound starts
SVCB 1 . key667="a b": NSD ok; unbound: Unknown SvcParamKey, and ends
HTTPS 1 . key667="a b": NSD ok; unbound: Unknown SvcParamKey, and ends
END
