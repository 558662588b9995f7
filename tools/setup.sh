#!/usr/bin/env bash
# Makes the machine ready: system packages (by root only) and a Python environment.
# usage: setup.sh VENV run|test|docs|install|kernel
# Says what it does; changes nothing that is there already.
set -euo pipefail
venv=$1
purpose=$2

say() { echo "parley: $*" >&2; }

# For making images, for the kernel's loader, for dissection; Chromium only looks at reports in tests.
packages=(mmdebstrap patchelf e2fsprogs debian-archive-keyring tshark gawk)
((EUID == 0)) || packages+=(uidmap)
[[ $purpose == test ]] && packages+=(chromium)
# Emulated PCs, in which other systems are installed; in tests also programs that say whether it went well.
[[ $purpose == test || $purpose == install ]] && packages+=(qemu-system-x86 qemu-utils xorriso)
[[ $purpose == test ]] && packages+=(genisoimage makefs mksh signify-openbsd)
# Disks and kernels of PCs; a libvirt daemon that the tests start themselves, and Python's way to it.
[[ $purpose == test ]] && packages+=(kmod grub-common grub-pc-bin libvirt-daemon libvirt-daemon-driver-qemu)
[[ $purpose == test ]] && packages+=(libvirt-clients libvirt-dev pkg-config gcc libc6-dev)
[[ $purpose == kernel ]] && packages+=(make flex bison bc xz-utils patch gcc libc6-dev kmod)
command -v python3 >/dev/null || packages+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
        missing+=("$package")
done

asks=()
if ((${#missing[@]})); then
    if ((EUID == 0)); then
        say "installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    else
        asks+=("apt-get update && apt-get install -y --no-install-recommends ${missing[*]}")
    fi
fi
if ((EUID != 0)) && ! grep -q "^$(id -un):" /etc/subuid 2>/dev/null; then
    # Root file systems are made in a user namespace of the user's own.
    asks+=("usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)")
fi
if ((${#asks[@]})); then
    say "only root can prepare the rest of this machine. Please have root run, once:"
    for ask in "${asks[@]}"; do
        say "    $ask"
    done
    say "then run this again."
    exit 2
fi

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "Parley needs Python 3.11 or newer, and $(python3 --version) is what this machine has."
    exit 2
fi
if [[ ! -x $venv/bin/python ]]; then
    say "making a Python environment in $venv"
    python3 -m venv "$venv"
fi
extras=
[[ $purpose == docs ]] && extras="[docs]"
[[ $purpose == test ]] && extras="[test,libvirt]"
say "installing Python packages"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".$extras"
