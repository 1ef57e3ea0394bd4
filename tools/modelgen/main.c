/* modelgen - makes C tables and the page of what is covered from models/NAME.model.
 *
 *   modelgen tables FILE.model               the C source of one service
 *   modelgen services FILE.model...          the C source that lists them
 *   modelgen coverage FILE.model...          docs/manual/coverage.md
 *
 * Writes to standard output.  Exit 1 with FILE:LINE:COLUMN: words when a model is wrong. */
#include <stdio.h>

#include "base/mem.h"
#include "modelgen/emit.h"

#define OUTPUT_MAX (16 * 1024 * 1024)
#define FILES_MAX 64

struct source {
    const char *file;
    char *text;
    struct arena arena;
    struct model model;
};

static bool read_file(struct source *source)
{
    FILE *in = fopen(source->file, "re");
    struct problem why = {0};
    size_t len;
    enum fault rc;

    arena_init(&source->arena, MODEL_MEMORY_MAX);
    source->text = mem_alloc(MODEL_TEXT_MAX + 1);
    if (!in) {
        fprintf(stderr, "%s: cannot be opened\n", source->file);
        return false;
    }
    len = fread(source->text, 1, MODEL_TEXT_MAX + 1, in);
    fclose(in);
    rc = model_read(&source->arena, span_make(source->text, len), &source->model, &why);
    if (rc != OK)
        fprintf(stderr, "%s:%u:%u: %s\n", source->file, why.line, why.column, why.text);
    return rc == OK;
}

static void release(struct source *source)
{
    model_release(&source->model);
    arena_release(&source->arena);
    mem_free(source->text);
}

static bool write_out(const struct buf *out, bool ok)
{
    if (!ok)
        fprintf(stderr, "modelgen: the output is over %d bytes\n", OUTPUT_MAX);
    return ok && fwrite(out->at, 1, out->len, stdout) == out->len && fflush(stdout) == 0;
}

static bool make(const char *what, struct source *sources, size_t count)
{
    struct span names[FILES_MAX];
    struct buf out;
    bool ok = true;

    buf_init(&out, OUTPUT_MAX);
    if (strcmp(what, "tables") == 0) {
        ok = emit_tables(&out, &sources[0].model, sources[0].file);
    } else if (strcmp(what, "services") == 0) {
        for (size_t i = 0; i < count; i++)
            names[i] = sources[i].model.service.name;
        ok = emit_services(&out, names, count);
    } else {
        ok = emit_coverage_head(&out);
        for (size_t i = 0; ok && i < count; i++)
            ok = emit_coverage(&out, &sources[i].model);
    }
    ok = write_out(&out, ok);
    buf_release(&out);
    return ok;
}

static bool is_usage(int argc, char **argv)
{
    if (argc < 3 || argc - 2 > FILES_MAX)
        return false;
    if (strcmp(argv[1], "tables") == 0)
        return argc == 3;
    return strcmp(argv[1], "services") == 0 || strcmp(argv[1], "coverage") == 0;
}

int main(int argc, char **argv)
{
    struct source *sources;
    size_t count = (size_t)argc - 2;
    bool ok = true;

    if (!is_usage(argc, argv)) {
        fprintf(stderr, "usage: modelgen tables FILE | services FILE... | coverage FILE...\n");
        return 2;
    }
    sources = mem_zero(count, sizeof *sources);
    for (size_t i = 0; i < count; i++) {
        sources[i].file = argv[i + 2];
        ok &= read_file(&sources[i]);
    }
    ok = ok && make(argv[1], sources, count);
    for (size_t i = 0; i < count; i++)
        release(&sources[i]);
    mem_free(sources);
    return ok ? 0 : 1;
}
