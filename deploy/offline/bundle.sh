#!/bin/sh
# Makes the offline bundle: bundle.sh PYTHON OUT. Called by `make offline-bundle`; PYTHON has pip and cyclonedx-py.
set -eu
python=$1 out=$2
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
bin=$(dirname -- "$python")
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
name=understudy-offline-$("$python" -c 'import understudy; print(understudy.__version__)')-py$version-$(uname -m)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
made="$work/$name"
mkdir -p "$made/wheels" "$made/ours" "$out"
pip="$python -m pip --disable-pip-version-check --quiet"
$pip download --require-hashes --only-binary :all: --dest "$made/wheels" --requirement "$root/requirements/base.lock"
mkdir "$work/source"
tar -C "$root" --exclude __pycache__ --exclude '*.egg-info' --exclude build -cf - \
  client pyproject.toml README.md service synthesizers evaluation privacy | tar -C "$work/source" -xf -
for package in client .; do
  $pip wheel --no-deps --no-build-isolation --no-index --wheel-dir "$made/ours" "$work/source/$package"
done
cp "$root/requirements/base.lock" "$root/deploy/offline/install.sh" "$root/deploy/offline/README.md" "$made/"
cp -r "$root/deploy/systemd" "$made/systemd"
printf '%s\n' "$version" > "$made/PYTHON"
"$bin/cyclonedx-py" requirements --output-reproducible --output-format JSON -o "$made/sbom.cdx.json" "$root/requirements/base.lock"
(cd "$made" && find . -type f ! -name SHA256SUMS | sed 's#^\./##' | LC_ALL=C sort | xargs -d '\n' sha256sum > SHA256SUMS)
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$work" -cf "$out/$name.tar" "$name"
echo "$out/$name.tar"
