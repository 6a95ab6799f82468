.PHONY: lab test check bench

lab: ; uv run snnlab lab
test: ; uv run pytest
check: ; .ci/check
bench: ; uv run --extra peers python -m benchmarks --busy
