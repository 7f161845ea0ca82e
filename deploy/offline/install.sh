#!/bin/sh
# Installs Understudy from this directory, without a network: ./install.sh [PREFIX]   (default /opt/understudy)
# Needs the Python that the bundle was made for; its version is in PYTHON. Checks every file's digest first.
# COMPILE=no: sooner installed, later started; for a trial.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
prefix=${1:-/opt/understudy}
wanted=$(cat "$here/PYTHON")
python=${PYTHON:-python$wanted}

(cd "$here" && sha256sum --quiet --check SHA256SUMS) || { echo "install: the bundle is damaged or was changed" >&2; exit 1; }
command -v "$python" >/dev/null || { echo "install: Python $wanted is needed; set PYTHON to it" >&2; exit 1; }
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$found" = "$wanted" ] || { echo "install: the bundle is for Python $wanted, $python is $found" >&2; exit 1; }

"$python" -m venv "$prefix"
pip="$prefix/bin/python -m pip --disable-pip-version-check --isolated install --quiet --no-index"
[ "${COMPILE:-yes}" = yes ] || pip="$pip --no-compile"
$pip --find-links "$here/wheels" --require-hashes --requirement "$here/base.lock"
$pip --no-deps "$here"/ours/*.whl
mkdir -p "$prefix/share"
cp "$here/README.md" "$here/sbom.cdx.json" "$here"/systemd/*.service "$prefix/share/"
echo "installed: $("$prefix/bin/understudy" --version)"
echo "next: $prefix/bin/understudy doctor; $prefix/bin/understudy serve   (systemd units: $prefix/share)"
