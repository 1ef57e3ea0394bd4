/* Judges what generate.mjs made and compares; signs tokens of its own, to the file named, for
 * check.mjs.
 *
 *   compare WRITTEN < lines */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "crypto/jose.h"

#define ROOM ((size_t)16 * 1024 * 1024)
#define LINES_PER_CASE 5

static bool take_line(FILE *in, char **line, size_t *size)
{
    ssize_t n = getline(line, size, in);

    if (n > 0 && (*line)[n - 1] == '\n')
        (*line)[n - 1] = '\0';
    return n > 0;
}

static enum jose_outcome judge(struct arena *arena, char *const lines[LINES_PER_CASE])
{
    struct span names = span_of(lines[3]), issuer, audience = {NULL, 0};
    struct jose_token token;
    struct jwks *jwks;
    enum jose_outcome outcome;
    int64_t now = 0;

    span_split(&names, ' ', &issuer);
    span_split(&names, ' ', &audience);
    number_i64(span_of(lines[2]), &now);
    if (jwks_parse(span_of(lines[0]), &jwks, NULL) != OK)
        return JOSE_NO_MEMORY;
    outcome = jose_read(arena, span_of(lines[1]), JOSE_RSA | JOSE_EC, &token);
    if (outcome == JOSE_OK)
        outcome = jose_verify(&token, jwks);
    if (outcome == JOSE_OK)
        outcome = jose_check(
            &token,
            &(struct jose_demands){.issuer = issuer, .audiences = &audience, .audience_count = 1},
            now);
    jwks_free(jwks);
    return outcome;
}

static void sign_one(FILE *to, enum jose_algorithm algorithm, const char *claims)
{
    struct jose_key *key;
    struct buf set, token;

    if (jose_key_generate(algorithm, &key) != OK)
        abort();
    buf_init(&set, ROOM);
    buf_init(&token, ROOM);
    jose_key_write_public(key, SPAN("kid="), &set);
    jose_sign(key, SPAN("kid="), span_of(claims), &token);
    fprintf(to, "{\"keys\":[%.*s]}\n%.*s\n%s\n", SPAN_ARG(buf_span(&set)),
            SPAN_ARG(buf_span(&token)), claims);
    buf_release(&set);
    buf_release(&token);
    jose_key_free(key);
}

static void sign_all(FILE *to)
{
    static const char *const CLAIMS[] = {"{}", "{\"sub\":\"\xc3\xa9\",\"exp\":99999999999}"};

    for (enum jose_algorithm a = 0; a < JOSE_ALGORITHM_COUNT; a++) {
        for (size_t i = 0; i < COUNT(CLAIMS) * (a < JOSE_ES256 ? 1 : 8); i++)
            sign_one(to, a, CLAIMS[i % COUNT(CLAIMS)]);
    }
}

int main(int argc, char **argv)
{
    FILE *written = argc == 2 ? fopen(argv[1], "we") : NULL;
    char *lines[LINES_PER_CASE] = {0};
    size_t sizes[LINES_PER_CASE] = {0};
    unsigned passed = 0, failed = 0;

    if (!written) {
        fputs("usage: compare WRITTEN < lines\n", stderr);
        return 2;
    }
    for (;;) {
        struct arena arena;
        enum jose_outcome outcome;

        for (size_t i = 0; i < LINES_PER_CASE; i++) {
            if (!take_line(stdin, &lines[i], &sizes[i]))
                goto end;
        }
        arena_init(&arena, ROOM);
        outcome = judge(&arena, lines);
        if ((outcome == JOSE_OK) == (strcmp(lines[4], "good") == 0))
            passed++;
        else if (++failed <= 10)
            printf("%s\n%s\njose: %s, here: %s\n", lines[0], lines[1], lines[4],
                   jose_words(outcome));
        arena_release(&arena);
    }
end:
    for (size_t i = 0; i < LINES_PER_CASE; i++)
        free(lines[i]);
    sign_all(written);
    fclose(written);
    printf("%u passed, %u failed, 0 skipped\n", passed, failed);
    return failed > 0 || passed == 0;
}
