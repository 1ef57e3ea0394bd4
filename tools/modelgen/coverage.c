/* The page that tells users what works: it is made from the tables that the code runs on, so it
 * cannot promise what is not there. */
#include "modelgen/emit.h"

bool emit_coverage_head(struct buf *out)
{
    return buf_add_text(
        out,
        "# What Portico covers\n\n"
        "Made by `make coverage` from `models/*.model`. Each operation of each service is in one\n"
        "of three states: it *works*; it comes *later* (the answer is 501 `Not yet in Portico:\n"
        "Operation`; `#N` is the issue that brings it); or it is *refused* with the reason.\n"
        "`!` marks what a caller must send. What single members and the data plane lack stands in\n"
        "[not-yet.md](not-yet.md).\n");
}

static bool works(const struct model_operation *op)
{
    return !op->is_later && op->verb != VERB_REFUSED;
}

/* The words inside a table's cell. */
static void add_cell(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '|')
            buf_add_char(out, '\\');
        buf_add_char(out, text.at[i]);
    }
}

static void add_state(struct buf *out, const struct model_operation *op)
{
    if (op->is_later && op->issue)
        buf_addf(out, "later (#%u)", op->issue);
    else if (op->is_later)
        buf_add_text(out, "later");
    else if (op->verb == VERB_REFUSED) {
        buf_add_text(out, "refused: ");
        add_cell(out, op->refusal.text);
    } else
        buf_add_text(out, "works");
}

static void add_operation(struct buf *out, const struct model_operation *op)
{
    buf_addf(out, "| %.*s | ", SPAN_ARG(op->name));
    add_state(out, op);
    buf_add_text(out, " |");
    for (size_t i = 0; works(op) && i < op->input->count; i++) {
        const struct model_member *member = &op->input->members[i];

        buf_addf(out, "%s%.*s%s", i ? ", " : " ", SPAN_ARG(member->name),
                 member->is_required ? "!" : "");
    }
    buf_add_text(out, " |\n");
}

/* The paths of a working PATCH that answer 501, each once. */
static void add_later_paths(struct buf *out, const struct model_operation *op)
{
    size_t count = 0;

    for (size_t i = 0; i < op->kind->patch_count; i++) {
        const struct model_patch *patch = &op->kind->patches[i];

        if (!(patch->ops & PATCH_COPY) && !model_patch_is_later(patch, patch->ops))
            continue;
        if (count++ == 0)
            buf_addf(out, "\n%.*s answers 501 to:", SPAN_ARG(op->name));
        buf_addf(out, "%s%s`%.*s`", count > 1 ? ", " : " ",
                 model_patch_is_later(patch, patch->ops) ? "" : "copy of ", SPAN_ARG(patch->path));
    }
    if (count)
        buf_add_text(out, "\n");
}

bool emit_coverage(struct buf *out, const struct model *model)
{
    const struct model_service *service = &model->service;
    size_t working = 0;

    for (size_t i = 0; i < service->operation_count; i++)
        working += works(&service->operations[i]);
    buf_addf(
        out, "\n## %.*s %.*s: %zu of %zu operations\n\n| operation | state | takes |\n|-|-|-|\n",
        SPAN_ARG(service->name), SPAN_ARG(service->version), working, service->operation_count);
    for (size_t i = 0; i < service->operation_count; i++)
        add_operation(out, &service->operations[i]);
    for (size_t i = 0; i < service->operation_count; i++)
        if (works(&service->operations[i]) && service->operations[i].verb == VERB_UPDATE)
            add_later_paths(out, &service->operations[i]);
    return !out->is_over;
}
