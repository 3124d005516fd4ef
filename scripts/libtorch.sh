#!/usr/bin/env bash
# Brings the libtorch that the engine `torch` (cargo feature `rust-bert`) is linked with: what a processor needs of PyTorch 2.4.0, 530 MB
# on disk, from PyPI's wheels (some 800 MB to download). It needs Python 3 with pip, for x86-64 Linux.
#
#   scripts/libtorch.sh                 into target/libtorch
#   scripts/libtorch.sh /opt/libtorch   into another folder
#
# Then build with what it prints:
#
#   LIBTORCH=.../torch LIBTORCH_CXX11_ABI=0 cargo build --release --features rust-bert
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p "${1:-target/libtorch}"
to=$(cd "${1:-target/libtorch}" && pwd)
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT

python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$wheels" torch==2.4.0 \
    nvidia-cuda-runtime-cu12==12.1.105 nvidia-cuda-cupti-cu12==12.1.105
python3 - "$wheels" "$to" <<'PYTHON'
import pathlib, sys, zipfile

# The libraries look for those of CUDA, which they are linked with but do not use on a processor, in the wheels' own layout.
wheels, to = map(pathlib.Path, sys.argv[1:])
kept = ("torch/include/", "torch/lib/libtorch_cpu.so", "torch/lib/libc10.so", "torch/lib/libgomp", "nvidia/cuda_runtime/lib/libcudart.so", "nvidia/cuda_cupti/lib/libcupti.so")
for wheel in sorted(wheels.glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(to, [name for name in archive.namelist() if name.startswith(kept)])
PYTHON
# torch-sys links with -ltorch: here that is a linker script.
echo 'INPUT(libtorch_cpu.so)' >"$to/torch/lib/libtorch.so"
echo "LIBTORCH=$to/torch LIBTORCH_CXX11_ABI=0"
