/*
 * Preloaded into pluto: writes down what NSS derives for each IKE SA, which pluto itself never sees in clear.
 * A line is TIME SPIi SPIr PRF KEYMAT (RFC 7296 section 2.14), TIME being that of pluto's own log.
 *
 * Compiled on the host by tcc without any header, so the few types of NSS are declared here (pkcs11n.h).
 * Children of pluto inherit the preload and have no NSS: its functions are looked up, not linked.
 */
typedef struct {
    int type;
    unsigned char *data;
    unsigned int length;
} Item;

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
extern int fprintf(void *, const char *, ...), fclose(void *), gettimeofday(Time *, void *);
extern unsigned long strftime(char *, unsigned long, const char *, const void *);

#define IKE_PRF_PLUS 0xce534372UL /* CKM_NSS_IKE_PRF_PLUS_DERIVE */

static void write_hex(void *file, const unsigned char *bytes, unsigned long length)
{
    while (length--)
        fprintf(file, "%02x", *bytes++);
    fprintf(file, " ");
}

static void write_line(const PrfPlus *prf_plus, const Item *keymat)
{
    void *file = fopen("/run/pluto/keylog", "a");
    Time now;
    char text[32];
    long calendar[16];

    if (!file)
        return;
    gettimeofday(&now, 0);
    strftime(text, sizeof text, "%b %d %H:%M:%S", localtime_r(&now.seconds, calendar));
    fprintf(file, "%s.%06ld ", text, now.microseconds);
    /* The seed is Ni | Nr | SPIi | SPIr. */
    write_hex(file, prf_plus->seed + prf_plus->seed_length - 16, 8);
    write_hex(file, prf_plus->seed + prf_plus->seed_length - 8, 8);
    fprintf(file, "%lx ", prf_plus->prf);
    write_hex(file, keymat->data, keymat->length);
    fprintf(file, "\n");
    fclose(file);
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

    /* Only SKEYSEED has that mechanism itself; the keys of a Child SA are derived from SK_d. */
    if (key && derive == IKE_PRF_PLUS && mechanism(base) == IKE_PRF_PLUS && extract(key) == 0)
        write_line((const PrfPlus *)parameter->data, value(key));
    return key;
}
