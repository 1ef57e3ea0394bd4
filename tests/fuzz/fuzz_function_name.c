/* The names of functions: what is taken apart is exactly what AWS's expression matches. */
#include "fuzz.h"

#include <assert.h>

#include "caller/function_name.h"
#include "control/model.h"
#include "text/regex.h"

static const struct regex *expression(void)
{
    static struct regex *compiled;
    const struct model_kind *kind;

    if (compiled)
        return compiled;
    kind = model_kind(model_service("lambda"), SPAN("Function"));
    for (size_t i = 0; i < kind->key->rule_count; i++)
        if (kind->key->rules[i].check == CHECK_MATCH)
            regex_new(kind->key->rules[i].pattern, &compiled, NULL);
    assert(compiled);
    return compiled;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span text = span_make(bytes, size);
    enum regex_result matches = regex_matches(expression(), text);
    struct function_name name;
    bool fits = function_name_parse(text, &name);

    if (matches != REGEX_TOO_COSTLY)
        assert(fits == (matches == REGEX_YES));
    if (fits)
        assert(name.name.len > 0 && name.name.len <= size && name.name.at >= text.at);
    return 0;
}
