# ssh and sshd as foreign peers: load helpers/ssh (after helpers/common)

# sshd_files: the keys and the configuration of a server of our own, which `"$SSHD" -i -f "$PWD/sshd_config"` is, and
# the options in SSH with which ssh logs in there. Skips the test where that cannot be done.
sshd_files() {
	needs ssh openssh-client
	needs ssh-keygen openssh-client
	local shell
	SSHD=$(PATH=$PATH:/usr/sbin command -v sshd) || skip 'sshd is missing: package openssh-server'
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
	SSH=(-F none -i key -o "UserKnownHostsFile=$PWD/known" -o StrictHostKeyChecking=no
		-o LogLevel=ERROR -o BatchMode=yes)
}
