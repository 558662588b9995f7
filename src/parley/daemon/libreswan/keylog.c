/*
 * Preloaded into pluto: writes down what NSS derives for each IKE SA, which pluto itself never sees in clear.
 * A line is TIME SPIi SPIr KEYMAT (RFC 7296 section 2.14), TIME being that of pluto's own log.
 *
 * Compiled on the host by tcc without any header, so the few types of NSS are declared here (pkcs11t.h,
 * pkcs11n.h). Children of pluto inherit the preload and have no NSS: its functions are looked up, not linked.
 */
typedef struct {
    int type;
    unsigned char *data;
    unsigned int length;
} Item;

typedef struct {
    unsigned char *data;
    unsigned long length;
} String;

typedef struct {
    unsigned long prf;
    unsigned char has_seed_key;
    unsigned long seed_key;
    unsigned char *seed;
    unsigned long seed_length;
} PrfPlus;

typedef struct {
    long seconds;
    long microseconds;
} Time;

typedef void *Derive(void *, unsigned long, Item *, unsigned long, unsigned long, int, unsigned long);

extern void *dlopen(const char *, int), *dlsym(void *, const char *);
extern void *fopen(const char *, const char *), *localtime_r(const long *, void *);
extern void *memcpy(void *, const void *, unsigned long);
extern int fprintf(void *, const char *, ...), fclose(void *), gettimeofday(Time *, void *);
extern unsigned long strftime(char *, unsigned long, const char *, const void *);

#define APPEND 0x362UL            /* CKM_CONCATENATE_BASE_AND_DATA */
#define IKE_PRF_PLUS 0xce534372UL /* CKM_NSS_IKE_PRF_PLUS_DERIVE */
#define SPI 8

static void write_hex(void *file, const unsigned char *bytes, unsigned long length)
{
    fprintf(file, " ");
    while (length--)
        fprintf(file, "%02x", *bytes++);
}

static void write_line(const unsigned char *spis, const Item *keymat)
{
    void *file = fopen("/run/pluto/keylog", "a");
    Time now;
    char text[32];
    long calendar[16];

    if (!file)
        return;
    gettimeofday(&now, 0);
    strftime(text, sizeof text, "%b %d %H:%M:%S", localtime_r(&now.seconds, calendar));
    fprintf(file, "%s.%06ld", text, now.microseconds);
    write_hex(file, spis, SPI);
    write_hex(file, spis + SPI, SPI);
    if (keymat)
        write_hex(file, keymat->data, keymat->length);
    fprintf(file, "\n");
    fclose(file);
}

/*
 * NSS has no prf+ for AES-XCBC: pluto then builds its seed Ni | Nr | SPIi | SPIr piece by piece, and cuts the
 * keys from pieces too. The SPIs are told, the keys are not.
 */
static void note_piece(void *base, const String *piece, void *result)
{
    static unsigned char spis[2 * SPI];
    static void *initiators;

    if (piece->length != SPI)
        return;
    if (base == initiators) {
        memcpy(spis + SPI, piece->data, SPI);
        write_line(spis, 0);
        initiators = 0;
    } else {
        memcpy(spis, piece->data, SPI);
        initiators = result;
    }
}

void *PK11_DeriveWithFlags(void *base, unsigned long derive, Item *parameter, unsigned long target,
                           unsigned long operation, int size, unsigned long flags)
{
    void *nss = dlopen("libnss3.so", 1);
    Derive *real = dlsym(nss, "PK11_DeriveWithFlags");
    unsigned long (*mechanism)(void *) = dlsym(nss, "PK11_GetMechanism");
    int (*extract)(void *) = dlsym(nss, "PK11_ExtractKeyValue");
    Item *(*value)(void *) = dlsym(nss, "PK11_GetKeyData");
    void *key = real(base, derive, parameter, target, operation, size, flags);

    if (key && derive == APPEND)
        note_piece(base, (const String *)parameter->data, key);
    /* Only SKEYSEED has that mechanism itself; the keys of a Child SA are derived from SK_d. */
    if (key && derive == IKE_PRF_PLUS && mechanism(base) == IKE_PRF_PLUS && extract(key) == 0) {
        const PrfPlus *prf_plus = (const PrfPlus *)parameter->data;
        write_line(prf_plus->seed + prf_plus->seed_length - 2 * SPI, value(key));
    }
    return key;
}
