#!/usr/bin/env bash
# The whole path without a window, from file to verified bundle, on two real recordings. No simulated data takes part.
# Usage: docs/examples/whole_path.sh OUT    (from the root of the repository; `make reproduce` does it)
set -euo pipefail
here=$(pwd) out=$1
mkdir -p "$out"
cd "$out"

say() { # show a command, and what it prints; progress bars go to progress.log
	echo "\$ ${*//$here\//}"
	"$@" 2>>progress.log
	echo
}

walk() { # NAME RECORDING SUBJECT SPECIFICATION, then the options of `study find`
	local name=$1 recording=$2 subject=$3 spec=$4
	shift 4
	say hitscope study create "$name"
	say hitscope study add "$name" "$here/resources/demo/$recording" --subject "$subject"
	say hitscope study find "$name" "$@"
	say hitscope train "$here/docs/examples/$spec"
	for scheme in ttq pttq; do
		say hitscope compress "$name"/runs/training-* --scheme "$scheme"
	done
	local compressed
	compressed=$(ls -d "$name"/runs/compression-* | tail -1)
	say hitscope export "$compressed" --out "$name.zip" | grep -v '^ok'
	say hitscope verify "$name.zip"
}

walk beats 208.hea 208 beats.toml --maker annotations --option mapping=aami
walk imagery S001R04.edf S001 imagery.toml --maker windows --option length_s=1
