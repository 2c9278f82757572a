#!/bin/sh
# Makes the virtual environment $1 and installs $2 (this project, with or without extras) into it, editable.
# torch comes first and pinned: on a Linux machine without an NVIDIA card as the CPU build, which is a tenth of the
# size; everywhere else PyPI's own build is the right one.
set -eu
venv=$1 project=$2 torch=torch==2.13.0

if [ ! -x "$venv/bin/python" ]; then
    echo "making the environment $venv (once; some minutes for the downloads)"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
        echo "oscbridge needs Python 3.10 or newer; $("$PYTHON" --version) came. Try make PYTHON=python3.12" >&2
        exit 1
    }
    "$PYTHON" -m venv "$venv"
fi
pip="$venv/bin/python -m pip --disable-pip-version-check --quiet"

if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
    cpu_builds=
    if [ "$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null 2>&1; then
        host=download.pytorch.org
        "$venv/bin/python" -c "import socket; socket.getaddrinfo('$host', 443)" 2>/dev/null &&
            cpu_builds="--extra-index-url https://$host/whl/cpu"
    fi
    # shellcheck disable=SC2086
    $pip install $cpu_builds "$torch"
fi
$pip install --editable "$project"
