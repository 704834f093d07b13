/* What a signature costs at least: the three SHA-256 compressions of an HMAC whose key is prepared,
 * and the base64 of its 32 bytes. The compressions are libcrypto's, with nothing around them.
 *
 *   signature CALLS
 *
 * Prints the seconds that the signatures took, and the CPU seconds of this process. */

#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/clock.h"
#include "sign/sign.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int count, char **arguments) {
    long calls = count == 2 ? atol(arguments[1]) : 0;
    unsigned char block[SHA256_CBLOCK] = {0};
    unsigned char digest[SHA256_DIGEST_LENGTH];
    char text[DF_SIGNATURE_SIZE];
    unsigned checksum = 0;
    SHA256_CTX inner, outer;
    SHA256_Init(&inner);
    SHA256_Init(&outer);
    double started = df_clock_monotonic();
    clock_t cpu_started = clock();
    for (long i = 0; i < calls; i++) {
        memcpy(block, &i, sizeof i);
        SHA256_Transform(&inner, block);
        SHA256_Transform(&inner, block);
        memcpy(block, inner.h, sizeof inner.h);
        SHA256_Transform(&outer, block);
        memcpy(digest, outer.h, sizeof digest);
        df_base64(digest, sizeof digest, text);
        checksum += (unsigned char)text[i % 43];
    }
    double seconds = df_clock_monotonic() - started;
    double cpu = (double)(clock() - cpu_started) / CLOCKS_PER_SEC;
    printf("%.6f %.6f\n", seconds, cpu);
    return checksum == 1; /* so that the work cannot be left out */
}
