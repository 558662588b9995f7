"""Libreswan's own suite, run as it is: its scripts, its sanitizers, its compare decide."""
