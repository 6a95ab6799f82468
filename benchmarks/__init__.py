"""Speed, memory and activity of snnlab, NEST and Brian2 on the same networks; nothing imports it.

``python -m benchmarks`` is the whole interface; README.md says what is measured and how.
"""
