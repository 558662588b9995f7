"""The sanitizers: importing this package registers them, in the order of `MODULES`."""

from parley.transcript.rules import (
    certificates,
    kernel,
    libreswan,
    network,
    openbsd,
    openiked,
    setkey,
    strongswan,
    system,
)

MODULES = (kernel, openbsd, setkey, libreswan, strongswan, openiked, certificates, network, system)
