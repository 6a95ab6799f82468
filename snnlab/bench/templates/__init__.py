"""Pipelines for continuous integration that call the commands of ``snnlab bench``."""
