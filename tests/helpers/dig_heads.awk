# What dig +noall +comments +answer prints, as `sockit resolve -v -a --record` tells it: N is the number of the
# question, `N = HEAD` what the head of its answer says, `N RECORD` a record.
function tell() {
	if (head)
		print n " = " head ", " (edns ? edns : "no EDNS") errors
}

/^;; ->>HEADER/ {
	tell()
	n++
	head = $6
	sub(/,$/, "", head)
	edns = errors = ""
}

/^;; flags:/ {
	split($0, part, ";")
	head = head (part[3] ~ / aa/ ? " AA" : "") (part[3] ~ / ad/ ? " AD" : "") (part[3] ~ / ra/ ? " RA" : "")
}

/^; EDNS:/ { edns = "EDNS " $NF }

# ; EDE: 15 (Blocked): (by the law)
/^; EDE:/ {
	sub(/^; EDE: /, "")
	gsub(/[()]/, "")
	errors = errors "; extended error " $0
	next
}

/^[^;]/ {
	name = $1
	sub(/\.$/, "", name)
	type = $4
	ttl = $2
	sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+/, "")
	print n " " name "\t" ttl "\t" type "\t" $0
}

END { tell() }
