#!/usr/bin/env bash
# Installs the Debian packages that this project needs beside Python, and says what it does.
#
#   scripts/install-system-packages.sh NAME [NAME ...]
#
#   python3-venv   makes the .venv (Debian ships Python without it)
#   chromium       drives the browser tests and the screenshots
#   postgresql     the store's tests run on it too; they start one of their own, in a folder of theirs
#   docker.io      a container engine; the tests of images and containers start one of their own, in a folder of theirs
#   debootstrap    makes the image that those tests begin with
#   podman         another engine, which the tests start for themselves too
#   catatonit      the init that Podman puts into containers
#   default-jre-headless   runs Spark, whose sessions the MLflow tests log from
#
# A package whose program is already there is left alone. Needs root or sudo only when something is missing.
set -euo pipefail

present() {
    case "$1" in
        python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
        chromium) command -v chromium >/dev/null || command -v google-chrome >/dev/null ;;
        postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
        docker.io) command -v dockerd >/dev/null ;;
        debootstrap | podman) command -v "$1" >/dev/null ;;
        catatonit) command -v catatonit >/dev/null || test -x /usr/libexec/podman/catatonit ;;
        default-jre-headless) command -v java >/dev/null ;;
        *) echo "$0: no package is called $1 here; see the list at the top of the script." >&2; exit 2 ;;
    esac
}

missing=()
for name in "$@"; do
    present "$name" || missing+=("$name")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]}. This machine has no apt-get; install them with its own package tool, then try again." >&2
    exit 1
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Missing: ${missing[*]}. Run as root: apt-get update && apt-get install ${missing[*]}" >&2
        exit 1
    fi
    root=(sudo)
fi
echo "Installing with apt-get: ${missing[*]}"
"${root[@]}" apt-get update -q
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"
