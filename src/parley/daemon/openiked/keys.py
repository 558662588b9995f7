"""Takes the keys of IKE SAs out of iked's log.

With -vvv it prints them when it derives them (ikev2.c, ikev2_sa_keys): S, which ends with both SPIs, then
each key. Before that it printed the transforms that it chose (policy.c, proposals_negotiate).
"""

from __future__ import annotations

from parley.daemon.wireshark import ENCRYPTION, INTEGRITY, NO_INTEGRITY, TABLE

_GATHER = r"""
/^proposals_negotiate: score [0-9]+$/ { encr = integr = "" }
/^proposals_negotiate: score [0-9]+: ENCR / { encr = $5 ($6 == "" ? "" : "_" $6) }
/^proposals_negotiate: score [0-9]+: INTEGR / { integr = $5 }
/ikev2_sa_keys: S with / { name = "S"; key[name] = key["ai"] = key["ar"] = ""; next }
/^ikev2_sa_keys: SK_[ae][ir] with / { name = substr($2, 4); key[name] = ""; next }
name != "" && /^[0-9a-f ]+$/ { gsub(/ /, ""); key[name] = key[name] $0; next }
{ name = "" }
/^ikev2_sa_keys: SK_pr with / {
    spis = substr(key["S"], length(key["S"]) - 31)
    print substr(spis, 1, 16) "," substr(spis, 17) "," key["ei"] "," key["er"] ",\"" cipher[encr] "\"," \
        key["ai"] "," key["ar"] ",\"" (integr == "" ? none : integrity[integr]) "\"" > table
}
"""


def gather_keys(log: str) -> str:
    """Write Wireshark's table from iked's log."""
    names = [f'cipher["{_printed(iana)}"] = "{name}"' for iana, name in ENCRYPTION.items()]
    names += [f'integrity["{iana.removeprefix("AUTH_")}"] = "{name}"' for iana, name in INTEGRITY.items()]
    begin = "BEGIN {\n" + "\n".join([*names, f'none = "{NO_INTEGRITY}"', f'table = "{TABLE}"']) + "\n}"
    return f"awk '{begin}{_GATHER}' {log}"


def _printed(iana: str) -> str:
    return iana.removeprefix("ENCR_").replace("-", "_")
