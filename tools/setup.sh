#!/usr/bin/env bash
# Makes the machine ready for `make run` and `make test`: system packages (by root only) and a
# Python environment in $1. Says what it does; changes nothing that is there already.
set -euo pipefail
venv=${1:-.venv}

# What the lab needs, and for whom: image builders, the kernel's loader, dissection, browser tests.
packages=(mmdebstrap uidmap patchelf e2fsprogs debian-archive-keyring tshark chromium)
command -v python3 >/dev/null || packages+=(python3)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)

say() { echo "parley: $*" >&2; }

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done

if ((${#missing[@]})); then
    if ((EUID == 0)); then
        say "installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    else
        say "this machine lacks some packages, and only root can install them. Please have root run:"
        say "    apt-get install -y --no-install-recommends ${missing[*]}"
        say "then run this again."
        exit 2
    fi
fi

if ((EUID != 0)) && ! grep -q "^$(id -un):" /etc/subuid 2>/dev/null; then
    say "root file systems are made in a user namespace, and $(id -un) has no subordinate users yet."
    say "Please have root run:"
    say "    usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)"
    say "then run this again."
    exit 2
fi

python=python3
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "Parley needs Python 3.11 or newer; $("$python" --version) is too old"
    exit 2
fi

if [[ ! -x $venv/bin/python ]]; then
    say "making a Python environment in $venv"
    "$python" -m venv "$venv"
fi
say "installing Python packages"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[test]'
