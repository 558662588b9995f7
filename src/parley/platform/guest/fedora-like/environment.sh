# The environment of root's shell in Libreswan's test system (testing/kvm/root/bash_profile): its language
# decides how sort sorts.
unset LC_ALL
export LANG=en_US.UTF-8 LC_CTYPE=C PATH=$PATH:/testing/guestbin

# A shell at a terminal tells the number of each command that it leaves running; one that plays files does not.
parley_jobs=0
parley_job() { echo "[$((parley_jobs += 1))] $!"; }
play() {
    parley_line=$(<"$1")
    case $parley_line in
    *' & '*) parley_line=${parley_line// & / & parley_job; } ;;
    *' &') parley_line="$parley_line parley_job" ;;
    esac
    eval "$parley_line"
}

# At a terminal every line appears when it is complete. Into a file, programs would write their lines when
# they end, after what others have said in the meantime.
export LD_PRELOAD=/usr/libexec/coreutils/libstdbuf.so _STDBUF_O=L PYTHONUNBUFFERED=1
