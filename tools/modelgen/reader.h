/* Reading a model into the tables of control/model.h, which are then written out as C.
 *
 * The passes walk the same statements: names first, then members, then what refers to members
 * (patches, refusals, operations), so that a model may be written in the order that reads best.
 * The first thing that is wrong ends the reading, with line and column. */
#ifndef MODELGEN_READER_H
#define MODELGEN_READER_H

#include "base/map.h"
#include "control/model.h"
#include "modelgen/statement.h"

#define MODEL_TEXT_MAX (1024 * 1024)
#define MODEL_MEMORY_MAX (64 * 1024 * 1024)
#define MEMBERS_MAX 200 /* in one shape */
#define ROWS_MAX 1000   /* kinds, operations, errors, types ... of one service */

/* The tables while they grow.  All arrays have room for ROWS_MAX. */
struct model {
    struct arena *arena;
    struct problem *why;
    struct statements statements;

    struct model_service service;
    struct model_error *errors;
    struct span *aliases; /* of the errors: "B" */
    struct model_enum *enums;
    struct model_shape *shapes;
    struct model_kind *kinds;
    struct model_type *types;
    struct model_operation *operations;
    size_t error_count, enum_count, shape_count, kind_count, type_count, operation_count;
    struct map names; /* of enums, shapes and kinds: what is taken */
};

/* A place in a statement, from which words are taken. */
struct reader {
    struct model *model;
    const struct statement *statement;
    size_t at;
};

/* Reads a whole model.  Everything lives in the arena, except `names`, which the caller releases
 * with model_release, also after a failure.  `text` must live as long. */
enum fault model_read(struct arena *arena, struct span text, struct model *out,
                      struct problem *why);
void model_release(struct model *model);

/* --- words: each answers false, with the problem filled, when it cannot ---------------------- */

struct reader reader_of(struct model *model, const struct statement *statement, size_t at);

/* Fills the problem with the place of the word at `at` (or the last one). Always false. */
bool reader_fail(const struct reader *in, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool reader_has_more(const struct reader *in);
bool reader_is_next(const struct reader *in, const char *word); /* unquoted; takes nothing */
bool reader_take_if(struct reader *in, const char *word);
bool reader_take(struct reader *in, const char *what, struct span *out);
bool reader_take_text(struct reader *in, const char *what, struct span *out); /* quoted */
bool reader_take_number(struct reader *in, const char *what, double *out);
bool reader_take_name(struct reader *in, const char *what, struct span *out);

/* ERROR "text" */
bool reader_take_answer(struct reader *in, struct model_answer *out);
bool reader_take_kind(struct reader *in, const struct model_kind **out);

/* Zeroed room for `count` things; the model is marked when memory is gone. */
void *reader_room(struct reader *in, size_t count, size_t size);

/* --- the passes ------------------------------------------------------------------------------ */

struct model_kind *model_find_kind(struct model *model, struct span name);
struct model_shape *model_find_shape(struct model *model, struct span name);

/* "[Stage]", "{text}": answers NULL, with the problem filled, for an unknown name. */
const struct model_type *type_read(struct reader *in, struct span name);
const struct model_type *type_shape(struct model *model, const struct model_shape *shape);

/* service, error, enum: the whole statement.  struct, kind: only the name. */
bool names_read(struct model *model);

/* One line "NAME TYPE attribute..." of a shape. */
bool member_read(struct reader *in, struct model_member *out);

/* The indented lines of structs and kinds, then what kinds say of themselves. */
bool kinds_read(struct model *model);
bool refusal_read(struct reader *in);
bool patches_read(struct model *model, size_t statement);

/* Finds what every kind refers to. */
bool references_find(struct model *model);

bool operation_read(struct model *model, size_t statement);

#endif
