"""Versions as folders of this machine: written, compared, made exact."""
