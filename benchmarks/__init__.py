"""What is measured of snnlab besides `snnlab bench`; nothing imports it.

README.md says what there is, and what is measured how.
"""
