"""The append-only log of a run: frames, edits and messages, on disk while the network runs."""
