"""Frames: the only packet that leaves an engine, how it travels and how it is made smaller."""
