# ssh and sshd as foreign peers: load helpers/ssh (after helpers/common)

# ssh_server: an sshd of our own, each connection of which is one by sockit listen, at 127.0.0.1, port $SSHD_PORT; `ssh -F
# ssh_config` gets in. Skips the test where that cannot be done.
ssh_server() {
	needs ssh openssh-client
	needs ssh-keygen openssh-client
	local shell sshd
	sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || skip 'sshd is missing: package openssh-server'
	shell=$(getent passwd "$(id -un)" | cut -d: -f7)
	[[ $shell == */*sh ]] || skip "one cannot log in with $shell"
	# Where root's sshd locks itself up.
	[ "$(id -u)" != 0 ] || [ -d /run/sshd ] || mkdir /run/sshd 2>/dev/null || skip 'no /run/sshd'
	ssh-keygen -q -t ed25519 -N '' -f host
	ssh-keygen -q -t ed25519 -N '' -f key
	cp key.pub authorized
	cat >sshd_config <<-END
		HostKey $PWD/host
		AuthorizedKeysFile $PWD/authorized
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PermitRootLogin yes
		StrictModes no
		UsePAM no
		PidFile none
	END
	cat >ssh_config <<-END
		IdentityFile $PWD/key
		UserKnownHostsFile $PWD/known
		StrictHostKeyChecking no
		LogLevel ERROR
		BatchMode yes
	END
	serve -k 127.0.0.1 0 -- "$sshd" -i -f "$PWD/sshd_config" -E "$PWD/sshd.log" 2>sshd.err
	SSHD_PORT=$PORT
}

# ssh_through OPTION...: 300 KiB to it and back.
ssh_through() {
	random_file data 300k
	STATUS=0
	within 30 ssh -F ssh_config -p "$SSHD_PORT" "$@" 127.0.0.1 cat <data >back 2>ssh.err 3>&- || STATUS=$?
	[ "$STATUS" = 0 ] || {
		cat ssh.err sshd.log sshd.err
		return 1
	}
	same data back
}
