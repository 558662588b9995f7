"""Scenarios: a connection described once, neutrally, and run for every initiator x responder pair."""
