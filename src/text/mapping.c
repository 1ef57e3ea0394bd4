/* One table of the prefixes: control checks with it what compile reads later. */
#include "text/mapping.h"

#include "base/ascii.h"

enum rest { REST_NAME, REST_PATH, REST_DOTTED };

static const struct form {
    struct span prefix;
    enum mapping_source source;
    enum rest rest;
} FORMS[] = {
    {SPAN_INIT("method.request.path."), SOURCE_PATH, REST_NAME},
    {SPAN_INIT("method.request.querystring."), SOURCE_QUERY, REST_NAME},
    {SPAN_INIT("method.request.multivaluequerystring."), SOURCE_QUERY_ALL, REST_NAME},
    {SPAN_INIT("method.request.header."), SOURCE_HEADER, REST_NAME},
    {SPAN_INIT("method.request.multivalueheader."), SOURCE_HEADER_ALL, REST_NAME},
    {SPAN_INIT("method.request.body"), SOURCE_BODY, REST_PATH},
    {SPAN_INIT("integration.response.header."), SOURCE_ANSWER_HEADER, REST_NAME},
    {SPAN_INIT("integration.response.multivalueheader."), SOURCE_ANSWER_HEADER_ALL, REST_NAME},
    {SPAN_INIT("integration.response.body"), SOURCE_ANSWER_BODY, REST_PATH},
    {SPAN_INIT("stageVariables."), SOURCE_STAGE_VARIABLE, REST_NAME},
    {SPAN_INIT("context."), SOURCE_CONTEXT, REST_DOTTED},
};

/* ^[a-zA-Z0-9._$-]+$ */
static bool is_name(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];

        if (!ascii_is_alnum(c) && c != '.' && c != '_' && c != '$' && c != '-')
            return false;
    }
    return name.len > 0;
}

/* Names of claims may hold colons and slashes; what is no name is just never there. */
static bool is_dotted(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] <= ' ')
            return false;
    return name.len > 0;
}

static bool fits(struct span rest, enum rest kind)
{
    switch (kind) {
    case REST_NAME:
        return is_name(rest);
    case REST_DOTTED:
        return is_dotted(rest);
    case REST_PATH:
        return rest.len == 0 || rest.at[0] == '[' || (rest.at[0] == '.' && rest.len > 1);
    }
    return false;
}

bool mapping_parse(struct span text, struct mapping_expression *out)
{
    if (text.len >= 2 && text.at[0] == '\'' && text.at[text.len - 1] == '\'') {
        *out = (struct mapping_expression){SOURCE_LITERAL, span_make(text.at + 1, text.len - 2)};
        return true;
    }
    for (size_t i = 0; i < COUNT(FORMS); i++) {
        struct span rest;

        if (!span_starts(text, FORMS[i].prefix))
            continue;
        rest = span_skip(text, FORMS[i].prefix.len);
        if (!fits(rest, FORMS[i].rest))
            return false;
        *out = (struct mapping_expression){FORMS[i].source, rest};
        return true;
    }
    return false;
}

bool mapping_parse_target(struct span text, struct span prefix, struct mapping_target *out)
{
    static const struct {
        struct span word;
        enum mapping_place place;
    } PLACES[] = {
        {SPAN_INIT("path."), TO_PATH},
        {SPAN_INIT("querystring."), TO_QUERY},
        {SPAN_INIT("header."), TO_HEADER},
    };

    if (!span_starts(text, prefix))
        return false;
    text = span_skip(text, prefix.len);
    for (size_t i = 0; i < COUNT(PLACES); i++)
        if (span_starts(text, PLACES[i].word) && is_name(span_skip(text, PLACES[i].word.len))) {
            *out = (struct mapping_target){PLACES[i].place, span_skip(text, PLACES[i].word.len)};
            return true;
        }
    return false;
}
