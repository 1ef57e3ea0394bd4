/* The record of a stack: what `up` made, so that the next `up` knows what changed and `down` what
 * to delete.  Kind Stack of models/cloudformation.model. */
#ifndef CONTROL_CLOUDFORMATION_STACK_H
#define CONTROL_CLOUDFORMATION_STACK_H

#include "control/cloudformation/deploy.h"

#define STACK_NAME_MAX 128

/* FAULT_NOT_FOUND; faults of the store. */
enum fault stack_load(struct control *control, struct arena *arena, const struct identity *identity,
                      struct json **out);

/* All stacks of the account, in all regions, as an array: each has the member `region` too. */
enum fault stack_load_all(struct control *control, struct arena *arena, struct span account,
                          struct json **out);

/* The record of a planned deployment; `file` is the template's path.  Evaluates the outputs. */
enum fault stack_make(struct deploy *deploy, struct span file, struct json **out);

/* In the transaction of a batch: writes or deletes it.  `ctx` is a struct stack_write. */
struct stack_write {
    struct span name;
    const struct json *record; /* NULL: delete */
};
enum fault stack_finish(struct call *call, void *ctx);

/* Says the stack's URLs and outputs, a line each: `url` is where Portico listens. */
void stack_tell(struct arena *arena, const struct json *record, struct span url,
                const struct deploy_listener *listener);

/* The name that a folder gives: what is no letter, digit or '-' becomes '-'.  Empty when nothing
 * is left that begins with a letter. */
struct span stack_name(struct arena *arena, struct span folder);
bool stack_name_is_fine(struct span name);

/* "arn:aws:cloudformation:...", the same on every run. */
struct span stack_arn(struct arena *arena, const struct identity *identity);

#endif
