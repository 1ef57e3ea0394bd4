/* Measures Portico's engines.
 *
 *   engines FOLDER [NAME [TIMES]]     (of the template, the body and the schema) */
#include "bench.h"

#include "base/arena.h"
#include "base/buf.h"
#include "text/json.h"
#include "text/jsonschema.h"
#include "vtl/template.h"

#define ROOM ((size_t)64 * 1024 * 1024)

/* What the operations work on, and what they work with. */
struct bench {
    struct span body, large;
    struct vtl_template *template;
    struct jsonschema *schema;
    struct arena arena;
    struct buf out;
};

static struct span read_span(struct arena *arena, const char *folder, const char *name)
{
    size_t len;
    const char *text = read_file(folder, name, &len);

    return arena_copy(arena, span_make(text, len));
}

/* --- the operations: each does its work once --- */

static void render_template(struct bench *b)
{
    struct vtl_environment environment = {.body = b->body};

    expect(vtl_run(b->template, &environment, &b->arena, &b->out, NULL) == OK, "template");
}

static void json_round(struct bench *b, struct span text)
{
    struct json *tree;

    expect(json_parse(&b->arena, text, &tree, NULL) == OK && json_write(&b->out, tree), "json");
}

static void json_small(struct bench *b)
{
    json_round(b, b->body);
}

static void json_large(struct bench *b)
{
    json_round(b, b->large);
}

static void validate_body(struct bench *b)
{
    struct json *tree;

    expect(json_parse(&b->arena, b->body, &tree, NULL) == OK, "json");
    expect(jsonschema_run(b->schema, &b->arena, tree, 0, NULL) == JSONSCHEMA_VALID, "schema");
}

/* --- all --- */

/* One operation, on memory that is taken back. */
struct turn {
    struct bench *bench;
    void (*operation)(struct bench *);
};

/* A function of its own, so that ./instructions can tell what belongs to an operation. */
__attribute__((noinline)) static void take_turn(void *context)
{
    const struct turn *turn = context;

    turn->operation(turn->bench);
    arena_reset(&turn->bench->arena);
    buf_clear(&turn->bench->out);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*operation)(struct bench *);
    } ROWS[] = {
        {"template", render_template},
        {"json-1k", json_small},
        {"json-87k", json_large},
        {"validate", validate_body},
    };
    struct bench b = {0};
    struct arena kept;
    struct buf large;

    expect(argc >= 2 && argc <= 4, "usage: engines FOLDER [NAME [TIMES]]");
    arena_init(&kept, ROOM);
    arena_init(&b.arena, ROOM);
    buf_init(&b.out, ROOM);
    buf_init(&large, ROOM);
    b.body = read_span(&kept, argv[1], "body.json");
    for (unsigned i = 0; i < COPIES; i++) {
        buf_add_char(&large, i ? ',' : '[');
        buf_add(&large, b.body);
    }
    buf_add_char(&large, ']');
    b.large = buf_span(&large);
    expect(vtl_compile(&kept, read_span(&kept, argv[1], "template.vm"), &b.template, NULL) == OK,
           "template");
    expect(jsonschema_compile(&kept, read_span(&kept, argv[1], "schema.json"), NULL, &b.schema,
                              NULL) == OK,
           "schema");
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        if (argc == 2 || strcmp(argv[2], ROWS[i].name) == 0)
            measure(ROWS[i].name, take_turn, &(struct turn){&b, ROWS[i].operation},
                    argc == 4 ? argv[3] : NULL);
    }
    jsonschema_release(b.schema);
    buf_release(&large);
    buf_release(&b.out);
    arena_release(&b.arena);
    arena_release(&kept);
    return 0;
}
