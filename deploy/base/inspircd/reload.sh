# Run once a minute: has InspIRCd read its certificate again when that was renewed since it was last read.
set -eu
read=/run/inspircd/certificate-read
if [ ! -e "$read" ]; then touch "$read"; fi
if [ /tls/tls.crt -nt "$read" ]; then
  touch "$read"
  kill -HUP 1
fi
