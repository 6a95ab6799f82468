"""Records for other tools: a tidy table, and the JSON of github-action-benchmark."""
