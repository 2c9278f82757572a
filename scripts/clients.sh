#!/bin/sh
# Installs the third-party programs that the tests talk to, where this may be done; elsewhere says how.
set -eu
packages=
need() { command -v "$1" >/dev/null 2>&1 || packages="$packages $2"; }
need pd puredata-core
need oscdump liblo-tools
need jackd jackd2
need ip iproute2
need tc iproute2
ldconfig -p 2>/dev/null | grep -q libportaudio || packages="$packages libportaudio2"
[ -n "$packages" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing test clients:$packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $packages >/dev/null
else
    echo "tests with real clients will be skipped; to have them: sudo apt-get install$packages"
fi
