#!/usr/bin/env bash
# Installs what is missing of tools/packages.txt, and unpacks the foreign mail servers that the
# interop tests start (never installs them: they would replace the machine's own mail server).
# usage: tools/setup.sh [--peers]     as root, or as a user with sudo
set -euo pipefail
cd "$(dirname "$0")/.."

if ! grep -q '^VERSION_ID="12"' /etc/os-release 2>/dev/null; then
  echo "setup: this is not Debian 12; the package names in tools/packages.txt may differ here" >&2
fi
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
apt_updated=
apt_update() {
  [ -n "$apt_updated" ] || as_root apt-get update -qq
  apt_updated=1
}

missing=()
while read -r package _; do
  case "$package" in '' | '#'*) continue ;; esac
  installed "$package" || missing+=("$package")
done <tools/packages.txt
if [ "${#missing[@]}" -gt 0 ]; then
  echo "setup: installing ${#missing[@]} packages: ${missing[*]}"
  apt_update
  # Services that a package brings stay off: the lab starts its own on loopback.
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >/tmp/pawl-setup.$$ 2>&1 || { cat /tmp/pawl-setup.$$ >&2; rm -f /tmp/pawl-setup.$$; exit 1; }
  rm -f /tmp/pawl-setup.$$
fi

[ "${1:-}" = --peers ] || exit 0

# Libraries the unpacked servers link against.
peer_libraries=(libgnutls-dane0 libidn12 libnsl2 libpcre2-8-0 libdb5.3 libsasl2-2 libicu72 libpam0g libssl3
  libexttextcat-2.0-0 liblua5.4-0 libwrap0 libsodium23 libstemmer0d libtirpc3 libunwind8 liblz4-1 libzstd1 libbz2-1.0 libcap2
  libapparmor1)
missing=()
for package in "${peer_libraries[@]}"; do installed "$package" || missing+=("$package"); done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "setup: installing libraries of the foreign mail servers: ${missing[*]}"
  apt_update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
peers=build/peers
for package in postfix exim4-daemon-light exim4-base dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd \
  dovecot-submissiond dovecot-sieve dovecot-managesieved; do
  [ -e "$peers/$package/.unpacked" ] && continue
  echo "setup: unpacking $package into $peers (not installed)"
  rm -rf "${peers:?}/$package"
  mkdir -p "$peers/$package"
  apt_update
  (cd "$peers/$package" && apt-get download -qq "$package" && dpkg-deb -x ./*.deb . && rm -f ./*.deb && touch .unpacked)
done
