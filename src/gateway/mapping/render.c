/* A rendering has an arena of its own: templates may need more than a request's memory, and both of
 * an exchange's runs must share theirs. */
#include "gateway/mapping/render.h"

#include "base/mem.h"
#include "gateway/mapping/context.h"
#include "gateway/mapping/view.h"

static bool fill_context(void *owner, struct vtl_map *context)
{
    return context_fill(owner, context);
}

static void end(struct cleanup *cleanup)
{
    struct rendering *rendering = container_of(cleanup, struct rendering, cleanup);

    buf_release(&rendering->request);
    buf_release(&rendering->response);
    arena_release(&rendering->arena);
    mem_free(rendering);
}

struct rendering *exchange_rendering(struct exchange *x)
{
    const struct view *view = exchange_view(x);
    struct rendering *rendering;

    if (x->rendering || !view)
        return x->rendering;
    rendering = mem_try(sizeof *rendering);
    if (!rendering)
        return NULL;
    *rendering = (struct rendering){
        .environment = {.path = view->path,
                        .querystring = view->query,
                        .header = view->headers,
                        .stage_variables = x->stage->variables,
                        .fill_context = fill_context,
                        .owner = x,
                        .steps = RENDER_STEPS},
    };
    arena_init(&rendering->arena, VTL_MEMORY_DEFAULT);
    buf_init(&rendering->request, VTL_OUTPUT_MAX);
    buf_init(&rendering->response, VTL_OUTPUT_MAX);
    exchange_at_end(x, &rendering->cleanup, end);
    x->rendering = rendering;
    return rendering;
}

/* The place, too: templates are written by hand, often in one line of JSON. */
static void explain(struct exchange *x, const struct buf *out, const struct problem *why)
{
    exchange_explain(x, CONFIGURATION_ERROR "Unable to transform %s: line %u, column %u: %s",
                     out == &x->rendering->request ? "request" : "response", why->line, why->column,
                     why->text);
}

bool render_template(struct exchange *x, const struct body_template *template, struct span body,
                     struct buf *out)
{
    struct rendering *rendering = exchange_rendering(x);
    struct vtl_template *none;
    struct problem why = {0};

    if (!rendering)
        return false;
    rendering->environment.body = body;
    if (template->is_broken) /* once more, to say why */
        vtl_compile(&rendering->arena, template->text, &none, &why);
    else if (vtl_run(template->code, &rendering->environment, &rendering->arena, out, &why) == OK &&
             !out->is_over)
        return true;
    explain(x, out, &why);
    return false;
}

static struct vtl_map *map_in(struct vtl_map *map, const char *name)
{
    struct vtl_value *value = map ? vtl_map_get(map, span_of(name)) : NULL;

    return value && value->type == VTL_MAP ? value->map : NULL;
}

struct vtl_map *render_overrides(const struct exchange *x, const char *name, const char *member)
{
    struct vtl_map *map;

    if (!x->rendering || !x->rendering->environment.context)
        return NULL;
    map = map_in(x->rendering->environment.context, name);
    if (map && member)
        map = map_in(map, member);
    return map && vtl_map_open(map) ? map : NULL;
}

bool render_texts(struct exchange *x, struct vtl_value value, struct texts *out)
{
    struct arena *arena = &x->rendering->arena;
    const struct vtl_value *from = &value;
    size_t count = value.type == VTL_NULL ? 0 : 1;

    if (value.type == VTL_LIST) {
        if (!vtl_list_open(value.list))
            return false;
        from = value.list->at;
        count = value.list->count;
    }
    *out = (struct texts){arena_try_array(arena, count ? count : 1, sizeof *out->at), 0};
    if (!out->at)
        return false;
    for (size_t i = 0; i < count; i++)
        if (from[i].type != VTL_NULL && !vtl_print(arena, from[i], &out->at[out->count++]))
            return false;
    return true;
}
