"""Takes the keys of IKE SAs out of charon's log.

charon prints keys when it derives them (keymat_v2.c) and SPIs when a thread returns an IKE SA to the manager
(ike_sa_manager.c), not both at once. Keys belong to the first IKE SA returned afterwards that had none;
those derived again after IKE_INTERMEDIATE (RFC 9370) to the IKE SA that their thread works on. A PPK changes
none of these keys, though others are printed again (RFC 8784 section 3).
"""

from __future__ import annotations

from parley.daemon.strongswan.config import KEY_LOG
from parley.daemon.strongswan.words import printed_cipher
from parley.daemon.wireshark import ENCRYPTION, INTEGRITY, NO_INTEGRITY, TABLE

_GATHER = r"""
{ thread = substr($0, 1, index($0, "[") - 1) }
/\] selected proposal: IKE:/ { split(substr($0, index($0, "IKE:") + 4), chosen, "/") }
/\[ENC\] (parsed|generating) / { exchange[thread] = $3 }
/\[MGR\] checkout IKEv2 SA/ { sa[thread] = spis() }
/ Sk_[ae][ir] secret => / { name = substr($2, 4); key[name] = ""; next }
name != "" && /\[IKE\] +[0-9]+: / {
    hex = substr($0, index($0, ": ") + 2, 47)
    gsub(/ /, "", hex)
    key[name] = key[name] tolower(hex)
    next
}
{ name = "" }
/ Sk_pr secret => / && key["ei"] != "" {
    row = "," key["ei"] "," key["er"] ",\"" cipher[chosen[1]] "\"," key["ai"] "," key["ar"] ",\""
    row = row ((chosen[2] in integrity) ? integrity[chosen[2]] : none) "\""
    if (exchange[thread] == "IKE_INTERMEDIATE") rows[sa[thread]] = row
    else waiting[++last] = row
    key["ai"] = key["ar"] = key["ei"] = ""
}
/\[MGR\] checkin IKEv2 SA/ {
    these = spis()
    if (first < last && these !~ /0000000000000000/ && !(these in rows)) {
        rows[these] = waiting[++first]
        order[++count] = these
    }
}
END { for (i = 1; i <= count; i++) print order[i] rows[order[i]] > table }
function spis(  words, n) {
    n = split($0, words, " ")
    return substr(words[n - 1], 1, 16) "," substr(words[n], 1, 16)
}
"""


def gather_keys() -> str:
    """Write Wireshark's table from charon's log of keys."""
    names = [f'cipher["{printed_cipher(iana)}"] = "{name}"' for iana, name in ENCRYPTION.items()]
    names += [f'integrity["{iana.removeprefix("AUTH_")}"] = "{name}"' for iana, name in INTEGRITY.items()]
    begin = "BEGIN {\n" + "\n".join([*names, f'none = "{NO_INTEGRITY}"', f'table = "{TABLE}"']) + "\n}"
    return f"awk '{begin}{_GATHER}' {KEY_LOG}"
