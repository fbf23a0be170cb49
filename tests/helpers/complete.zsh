# Sourced by a zsh that completes one line: what is offered goes to the file $OFFERED, a line for
# each, with what is shown for it behind a tab. $COMPLETION is the script, or the directory in fpath
# that has it.
unset HISTFILE
COLUMNS=400 LISTMAX=100000
PS1=
setopt extended_glob no_beep
zstyle ':completion:*' list-grouped no
[[ ! -d $COMPLETION ]] || fpath=($COMPLETION $fpath)
autoload -Uz compinit
compinit -u -D
[[ -d $COMPLETION ]] || source $COMPLETION
bindkey '^I' complete-word

compadd() {
	local -a __offered __shown
	local __at=${@[(I)-[^-]#d]}
	if (( ${@[(I)-[^-]#[OAD]]} )); then
		builtin compadd "$@"
		return
	fi
	(( __at == 0 )) || __shown=("${(@P)@[__at+1]}")
	builtin compadd -O __offered -D __shown "$@"
	local __i
	for (( __i = 1; __i <= $#__offered; __i++ )); do
		print -r -- "$__offered[__i]"$'\t'"${__shown[__i]-}" >>$OFFERED
	done
	builtin compadd "$@"
}

# The RETURN.
sockit() {
	print -rl -- "$@" >$TYPED
	exit
}
