"""Scenario cells: one scenario between one initiator and one responder."""
