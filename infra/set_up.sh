#!/bin/sh
# Makes .venv with exactly the locked versions. Called by make when the lock is newer than the environment.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.8
export UV_SYSTEM_CERTS=1          # machines with a certificate authority of their own
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s\n' "$*" >&2; }

recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        recent_enough "$PYTHON" && { printf '%s' "$PYTHON"; return; }
        say "PYTHON is $PYTHON, which does not run or is older than 3.11."
        exit 2
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
        recent_enough "$candidate" && { printf '%s' "$candidate"; return; }
    done
    say "Python 3.11 or newer is needed and none is on PATH (Debian and Ubuntu: apt install python3 python3-venv;"
    say "macOS: brew install python). If it is elsewhere: make PYTHON=/path/to/python3"
    exit 2
}

usable() { recent_enough .venv/bin/python; }

if usable; then :; else
    python=$(find_python)
    say "Setting up .venv with $("$python" --version) and the locked versions; once, a minute or so."
    rm -rf .venv
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --python "$python" .venv
    elif "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        "$python" -m venv .venv
    else
        say "$python has no venv module: on Debian and Ubuntu, apt install $("$python" -c \
            'import sys; print("python3.%d-venv" % sys.version_info[1])')"
        exit 2
    fi
fi

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    uv=.venv/bin/uv
    [ "$("$uv" --version 2>/dev/null | cut -d' ' -f2)" = "$UV_VERSION" ] ||
        .venv/bin/python -m pip install --quiet "uv==$UV_VERSION"
fi

VIRTUAL_ENV="$PWD/.venv"
export VIRTUAL_ENV
"$uv" pip sync --quiet --compile-bytecode --require-hashes requirements.lock  # else the second start may be slow, too
"$uv" pip install --quiet --no-deps --no-build-isolation -e .
.venv/bin/python -m compileall -q app tools infra tests
touch .venv/ready
