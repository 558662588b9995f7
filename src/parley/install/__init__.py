"""Operating systems that come as an installation ISO: checked, edited, installed unattended, frozen."""
