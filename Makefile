.PHONY: lab test check bench gpu gpu-tests gpu-learning

CUDA ?= cuda12

lab: ; uv run snnlab lab
test: ; uv run pytest
check: ; .ci/check
bench:
	uv run --extra peers snnlab bench run --again benchmarks/specs/side_by_side/*.yaml; code=$$?; \
	uv run snnlab bench table && exit $$code

# On a machine with an NVIDIA GPU; CUDA=cuda13 where the driver is one for CUDA 13.
gpu: gpu-tests ; uv run --extra $(CUDA) python -m benchmarks.gpu
gpu-tests: ; uv run --extra $(CUDA) pytest -c tests/gpu/pytest.ini tests/gpu
gpu-learning: ; uv run --extra $(CUDA) python -m benchmarks.learning gesture --device cuda:0
