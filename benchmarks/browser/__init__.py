"""Notebooks in a real JupyterLab and a real Chromium, for what is measured and for the tests."""
