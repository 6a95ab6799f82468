.PHONY: lab test check bench

lab: ; uv run snnlab lab
test: ; uv run pytest
check: ; .ci/check
bench: ; uv run snnlab run microcircuit --scale 0.1 --time 1000 --json -
