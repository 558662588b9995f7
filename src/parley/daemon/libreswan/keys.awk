# Reads the log of pluto, then the keying material that keylog.c wrote; prints ikev2_decryption_table.
# Material is SK_d SK_ai SK_ar SK_ei SK_er SK_pi SK_pr (RFC 7296 section 2.14), lengths here in hex digits.
# size, name and self_test are set before.

# Every IKE SA is logged once with its algorithms, in the order in which their keys are derived.
FNR == NR {
    if (match($0, /[{]cipher=[^}]*[}]/)) {
        split(substr($0, RSTART + 1, RLENGTH - 2), part, /[ =]/)
        count++
        cipher[count] = part[2]
        integrity[count] = part[4]
        prf[count] = part[6]
    }
    next
}

$4 " " $5 == self_test || ($4, $5) in seen { next }

{
    seen[$4, $5] = 1
    # An SA may have been logged and never got keys: take the next that fits.
    for (now = last + 1; now <= count && ! fits(now, length($6)); now++) { }
    if (now <= count) {
        last = now
        print_row($4, $5, $6, cipher[now], integrity[now], size[prf[now]])
    }
}

function fits(i, digits) {
    return cipher[i] in name && integrity[i] in name && prf[i] in size &&
        digits == 3 * size[prf[i]] + 2 * size[integrity[i]] + 2 * size[cipher[i]]
}

function print_row(spi_i, spi_r, keymat, cipher, integrity, prf_size,    a, e, at) {
    a = size[integrity]
    e = size[cipher]
    at = prf_size + 1
    printf "%s,%s,%s,%s,\"%s\",%s,%s,\"%s\"\n", spi_i, spi_r,
        substr(keymat, at + 2 * a, e), substr(keymat, at + 2 * a + e, e), name[cipher],
        substr(keymat, at, a), substr(keymat, at + a, a), name[integrity]
}
