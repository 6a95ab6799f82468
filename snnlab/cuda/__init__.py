"""The CUDA engine: a network on one NVIDIA GPU, compiled by NVRTC through CuPy."""
