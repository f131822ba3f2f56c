/*
 * Runs every file of the folders and files named on the command line through a fuzz target, so
 * that a corpus is an ordinary regression test under any compiler and any sanitizer. A finding is
 * a crash, a sanitizer report or the test's time limit. An empty corpus fails: it tests nothing.
 */
#include "fuzz.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OPEN_FOLDERS = 8 };

static long n_replayed;

/* The block has exactly the size of the input, so that a sanitizer sees a read of one byte more. */
static int replay(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)ftw;
    if (kind != FTW_F)
        return 0;
    size_t n = (size_t)st->st_size;
    uint8_t *bytes = malloc(n ? n : 1);
    FILE *f = fopen(path, "rb");
    if (!bytes || !f || fread(bytes, 1, n, f) != n) {
        fprintf(stderr, "replay: cannot read %s: %s\n", path, strerror(errno));
        free(bytes);
        if (f)
            fclose(f);
        return -1;
    }
    fclose(f);
    LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
    n_replayed++;
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (nftw(argv[i], replay, OPEN_FOLDERS, FTW_PHYS) != 0) {
            fprintf(stderr, "replay: stopped at %s\n", argv[i]);
            return 1;
        }
    }
    printf("replay: %ld inputs\n", n_replayed);
    return n_replayed > 0 ? 0 : 1;
}
