/* From an ordered list of resources to what the service APIs hold: what each resource becomes,
 * what of it changed since the last time, and one batch of operations that makes the change.
 *
 * All ids are chosen here (identity.h), so every property can be evaluated before anything is
 * done, and a wrong one is told before anything has changed. */
#ifndef CONTROL_CLOUDFORMATION_DEPLOY_H
#define CONTROL_CLOUDFORMATION_DEPLOY_H

#include <stdarg.h>

#include "control/batch.h"
#include "control/cloudformation/identity.h"
#include "control/cloudformation/intrinsic.h"
#include "control/cloudformation/order.h"

enum action {
    ACTION_KEEP,     /* as it was */
    ACTION_CREATE,   /* new, or under another id than before */
    ACTION_UPDATE,   /* in place */
    ACTION_RECREATE, /* deleted and made again under the same id */
    ACTION_RECORD    /* known by name only */
};

struct kind_of_resource;

/* A resource of the template on its way. */
struct item {
    const struct resource *resource;
    const struct kind_of_resource *kind;
    struct json *properties;   /* evaluated, as the stack's record keeps them */
    struct json *attributes;   /* "Ref" and what Fn::GetAtt knows */
    const struct json *former; /* of the record: the same name and type; NULL: none */
    enum action action;
    bool is_lost;     /* what it was in is made again, so there is nothing left to delete */
    struct span code; /* a function's package, while it is being deployed */
};

/* Where progress goes, a line each. */
struct deploy_listener {
    void (*say)(void *ctx, const char *format, va_list words);
    void *ctx;
};

struct deploy {
    struct control *control;
    struct arena *arena;
    struct template *template;
    int folder; /* of the template; -1 when a stack is deleted */
    struct identity identity;
    struct scope scope;
    struct json *known; /* scope.resources, as it grows */
    struct item *items;
    size_t count;
    const struct json *former; /* the stack's record, or NULL */
    struct batch batch;
    struct deploy_listener listener;
    struct problem *why;
};

/* What Portico knows of a type of resource. */
struct kind_of_resource {
    const char *type;
    bool is_recorded;   /* kept by name; nothing else is made of it */
    bool holds;         /* others are in it, and go with it */
    const char *within; /* the beginning of the types that hold it; NULL: none */
    bool goes_first;    /* when it is not wanted any more it is deleted before others are made */
    /* Completes item->properties and sets item->attributes. */
    enum fault (*describe)(struct deploy *deploy, struct item *item);
    /* Each adds operations to the batch; `entry` is the resource in the stack's record. */
    enum fault (*create)(struct deploy *deploy, struct item *item);
    enum fault (*remove)(struct deploy *deploy, const struct json *entry);
    /* NULL, or FAULT_UNSUPPORTED without words: what has changed cannot be changed in place. */
    enum fault (*update)(struct deploy *deploy, struct item *item);
};

/* NULL when the type is not known. */
const struct kind_of_resource *kind_of_resource(struct span type);

extern const struct kind_of_resource API_KINDS[], LAMBDA_KINDS[], RECORDED_KINDS[];

/* ---- for kinds ----------------------------------------------------------------------------- */

/* Fails at a property of the item (NULL: at the item). */
enum fault deploy_fail(struct deploy *deploy, const struct item *item, const char *property,
                       enum fault code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

void deploy_say(struct deploy *deploy, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds an operation for an item, or (NULL) for what the stack leaves behind. */
enum fault deploy_add(struct deploy *deploy, const struct item *item, const char *service,
                      const char *operation, struct json *input, struct batch_call **out);

/* Properties as the input of the operation, without `left_out` (may be NULL).  What it does not
 * take is refused with the line of the property. */
struct coerce_rename;
enum fault deploy_input(struct deploy *deploy, const struct item *item, const char *service,
                        const char *operation, const char *const left_out[],
                        const struct coerce_rename *renames, struct json **out);

/* A text among the properties; empty when it is not there. */
struct span deploy_text(const struct json *properties, const char *name);

/* An empty object, and a text in it. */
struct json *deploy_object(struct deploy *deploy);
void deploy_set(struct deploy *deploy, struct json *tree, const char *name, struct span value);

/* The physical id. */
struct span deploy_ref(const struct item *item);

/* Adds an attribute. */
void deploy_attribute(struct deploy *deploy, struct item *item, const char *name,
                      struct span value);

/* The former properties of an item; never NULL for one that is updated. */
const struct json *deploy_former(const struct item *item);

/* ---- the whole ----------------------------------------------------------------------------- */

/* Evaluates, compares with the record, fills the batch.  `given` are values of parameters. */
enum fault deploy_plan(struct deploy *deploy, const struct resources *resources);

/* Fills the batch with the deletion of all that the record holds. */
enum fault deploy_plan_deletion(struct deploy *deploy);

#endif
