"""Tests in a real browser: the scripts alone, and the notebook in a real JupyterLab."""
