#!/bin/sh
# Installs the third-party programs that the tests talk to ("data": those that play the scores), where this may be done;
# elsewhere says how.
set -eu
VENV=${VENV:-.venv}
packages=
need() { command -v "$1" >/dev/null 2>&1 || packages="$packages $2"; }
font() { [ -f "/usr/share/sounds/$1" ] || packages="$packages $2"; }
need fluidsynth fluidsynth
font sf2/TimGM6mb.sf2 timgm6mb-soundfont
if [ "${1:-tests}" = data ]; then
    font sf2/FluidR3_GM.sf2 fluid-soundfont-gm
    font sf2/OPL-3_FM_128M.sf2 opl3-soundfont
    font sf3/MuseScore_General_Lite.sf3 musescore-general-soundfont-small
else
    need pd puredata-core
    need oscdump liblo-tools
    need jackd jackd2
    need scsynth supercollider-server
    need ip iproute2
    need tc iproute2
    need node nodejs
    need npm npm
    need chromium chromium
    need ffmpeg ffmpeg
    ldconfig -p 2>/dev/null | grep -q libportaudio || packages="$packages libportaudio2"
fi
if [ -z "$packages" ]; then
    :
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing:$packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $packages >/dev/null
else
    echo "for all of it: sudo apt-get install$packages"
fi
if [ "${1:-tests}" = tests ] && command -v npm >/dev/null 2>&1 && [ ! -d "$VENV/npm/node_modules/oscquery" ]; then
    # Node trusts its own list of authorities; some networks have one more, which the system knows
    authorities=/etc/ssl/certs/ca-certificates.crt
    [ ! -f "$authorities" ] || export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$authorities}"
    npm install --silent --no-audit --no-fund --fetch-retries 2 --fetch-timeout 60000 --prefix "$VENV/npm" oscquery@1.1.1 ||
        echo "the npm package oscquery cannot be had now; the tests that use it say so"
fi
