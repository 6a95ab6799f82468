"""How fast the CUDA engine is on the GPU of this machine."""
