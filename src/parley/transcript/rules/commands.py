"""Regular expressions that tell by its text what a command prints."""

STATES = r"\bxfrm\s+(st|mon)|\bipsec\s+_kernel\s+state|\bipsecctl\b|\bsetkey\b|\bkernel-state\.sh\b"
POLICIES = r"\bxfrm\s+(pol|mon)|\bipsec\s+_kernel\s+policy|\bkernel-policy\.sh\b"
KERNEL = f"{STATES}|{POLICIES}"
LIBRESWAN = r"\bipsec\s+(?!_kernel)|\bwhack\b|\bpluto\b|wait-for-pluto"
STRONGSWAN = r"\bswanctl\b|\bstrongswan\b|\bcharon\b"
OPENIKED = r"\biked\b|\bikectl\b"
CERTIFICATES = r"\bcertutil\b|\bopenssl\b|\bpki\b|list-?certs|listall|checkpubkeys|showhostkey"
