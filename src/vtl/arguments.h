/* Reading the arguments of a method call.  Private to vtl/. */
#ifndef VTL_ARGUMENTS_H
#define VTL_ARGUMENTS_H

#include "vtl/method.h"
#include "vtl/run.h"

/* The types that Java demands; false when the argument has another. */
static inline bool argument_text(const struct method_call *call, uint32_t i, struct span *out)
{
    if (call->arguments[i].type != VTL_STRING)
        return false;
    *out = vtl_span(call->arguments[i]);
    return true;
}

static inline bool argument_int(const struct method_call *call, uint32_t i, int64_t *out)
{
    if (call->arguments[i].type != VTL_INT)
        return false;
    *out = call->arguments[i].number;
    return true;
}

static inline bool answer(struct method_call *call, struct vtl_value value)
{
    call->result = value;
    return true;
}

static inline bool answer_bool(struct method_call *call, bool b)
{
    return answer(call, vtl_bool(b));
}

static inline bool answer_int(struct method_call *call, int64_t n)
{
    return answer(call, (struct vtl_value){.type = VTL_INT, .number = n});
}

static inline bool answer_text(struct method_call *call, struct span s)
{
    return answer(call, vtl_text(s));
}

/* equals and toString, which every receiver has. */
bool method_equals(struct method_call *call);
bool method_to_string(struct method_call *call);

/* Adds to a list or fails for lack of memory. */
static inline bool list_push(struct run *run, struct vtl_list *list, struct vtl_value value)
{
    return vtl_list_add(list, value) || run_no_memory(run);
}

static inline struct vtl_list *list_make(struct run *run, enum vtl_list_kind kind)
{
    struct vtl_list *list = vtl_list_new(run->arena, kind);

    if (!list)
        run_no_memory(run);
    return list;
}

/* Strings: in files of their own. */
bool string_matches(struct method_call *call);
bool string_replace_all(struct method_call *call);
bool string_replace_first(struct method_call *call);
bool string_split(struct method_call *call);
bool string_format(struct method_call *call);
bool string_lower(struct method_call *call);
bool string_upper(struct method_call *call);

#endif
