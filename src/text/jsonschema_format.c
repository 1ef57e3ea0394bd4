/* Formats of texts: those that the Java library knows in draft 4.  Any other is ignored.  Where it
 * is strict about a time zone's colon we take both writings, since its versions differ. */
#include "base/ascii.h"
#include "base/number.h"
#include "text/jsonschema_program.h"

/* --- date-time --- */

/* Takes `digits` digits off the front; false when they are not there or out of bounds. */
static bool take_number(struct span *in, size_t digits, unsigned least, unsigned most,
                        unsigned *out)
{
    uint64_t n;

    if (in->len < digits || !number_u64(span_first(*in, digits), &n) || n < least || n > most)
        return false;
    *in = span_skip(*in, digits);
    *out = (unsigned)n;
    return true;
}

static bool take_char(struct span *in, char c)
{
    if (in->len == 0 || in->at[0] != c)
        return false;
    *in = span_skip(*in, 1);
    return true;
}

static unsigned days_of(unsigned year, unsigned month)
{
    static const unsigned char DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return DAYS[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

static bool take_date(struct span *in)
{
    unsigned year, month, day;

    return take_number(in, 4, 0, 9999, &year) && take_char(in, '-') &&
           take_number(in, 2, 1, 12, &month) && take_char(in, '-') &&
           take_number(in, 2, 1, days_of(year, month), &day);
}

static bool take_time(struct span *in)
{
    unsigned n;
    size_t fraction = 0;

    if (!take_number(in, 2, 0, 23, &n) || !take_char(in, ':') || !take_number(in, 2, 0, 59, &n) ||
        !take_char(in, ':') || !take_number(in, 2, 0, 59, &n))
        return false;
    if (!take_char(in, '.'))
        return true;
    while (fraction < in->len && ascii_is_digit(in->at[fraction]))
        fraction++;
    *in = span_skip(*in, fraction);
    return fraction >= 1 && fraction <= 12;
}

static bool take_zone(struct span *in)
{
    unsigned n;

    if (take_char(in, 'Z'))
        return true;
    if (!take_char(in, '+') && !take_char(in, '-'))
        return false;
    if (!take_number(in, 2, 0, 23, &n))
        return false;
    take_char(in, ':');
    return take_number(in, 2, 0, 59, &n);
}

static bool is_date_time(struct span text)
{
    return take_date(&text) && take_char(&text, 'T') && take_time(&text) && take_zone(&text) &&
           text.len == 0;
}

/* --- names of hosts, addresses --- */

#define LABEL_MAX 63
#define HOSTNAME_MAX 253

static bool is_label(struct span label)
{
    if (label.len == 0 || label.len > LABEL_MAX || label.at[0] == '-' ||
        label.at[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!ascii_is_alnum(label.at[i]) && label.at[i] != '-')
            return false;
    }
    return true;
}

static bool is_hostname(struct span text)
{
    struct span label;

    if (text.len == 0 || text.len > HOSTNAME_MAX)
        return false;
    while (span_split(&text, '.', &label)) {
        if (!is_label(label))
            return false;
    }
    return true;
}

static bool is_ipv4(struct span text)
{
    struct span part;
    unsigned parts = 0;
    uint64_t n;

    while (span_split(&text, '.', &part)) {
        bool is_padded = part.len > 1 && part.at[0] == '0';

        if (part.len > 3 || is_padded || !number_u64(part, &n) || n > 255 || ++parts > 4)
            return false;
    }
    return parts == 4;
}

/* Groups of up to four hexadecimal digits; the last may be an IPv4 address.  -1 when it is none,
 * else how many groups of 16 bits. */
static int count_groups(struct span text, bool may_end_in_ipv4)
{
    struct span part;
    uint64_t n;
    int groups = 0;

    if (text.len == 0)
        return 0;
    while (span_split(&text, ':', &part)) {
        bool is_last = text.at == NULL;

        if (is_last && may_end_in_ipv4 && is_ipv4(part))
            return groups + 2;
        if (part.len > 4 || !number_hex(part, &n) || ++groups > 8)
            return -1;
    }
    return groups;
}

static bool is_ipv6(struct span text)
{
    size_t gap = span_search(text, SPAN("::"));
    int before, after;

    if (gap == text.len)
        return count_groups(text, true) == 8;
    before = count_groups(span_first(text, gap), false);
    after = count_groups(span_skip(text, gap + 2), true);
    return before >= 0 && after >= 0 && before + after <= 7;
}

/* --- others --- */

/* Local part and domain as they are in practice: no comments, no quoted parts. */
static bool is_email(struct span text)
{
    static const char SPECIALS[] = "()<>[]:;@\\,\"";
    size_t at = span_find_last(text, '@');
    struct span local = span_first(text, at);

    if (at == text.len || at == 0 || local.at[0] == '.' || local.at[at - 1] == '.')
        return false;
    for (size_t i = 0; i < at; i++) {
        unsigned char c = (unsigned char)local.at[i];

        if (c <= 0x20 || c == 0x7f || strchr(SPECIALS, c) || (c == '.' && local.at[i + 1] == '.'))
            return false;
    }
    return is_hostname(span_skip(text, at + 1));
}

/* Any reference of RFC 3986, relative ones included: the library asks java.net.URI. */
static bool is_uri(struct span text)
{
    static const char REFUSED[] = " \"<>\\^`{|}";

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c < 0x20 || c == 0x7f || strchr(REFUSED, c))
            return false;
        if (c == '%' &&
            (i + 2 >= text.len || ascii_hex(text.at[i + 1]) < 0 || ascii_hex(text.at[i + 2]) < 0))
            return false;
    }
    return span_find(text, ':') > 0 || text.len == 0;
}

static bool is_regex(struct span text)
{
    struct regex *regex;

    if (regex_new_with(text, REGEX_ANYWHERE | REGEX_JAVASCRIPT, &regex, NULL) != OK)
        return false;
    regex_free(regex);
    return true;
}

static bool is_uuid(struct span text)
{
    if (text.len != 36)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (is_dash ? text.at[i] != '-' : ascii_hex(text.at[i]) < 0)
            return false;
    }
    return true;
}

const struct format *format_find(struct span name)
{
    static const struct format FORMATS[] = {
        {"date-time", is_date_time,
         "string \"{}\" is invalid against requested date format(s) "
         "[yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]"},
        {"email", is_email, "string \"{}\" is not a valid email address"},
        {"hostname", is_hostname, "string \"{}\" is not a valid hostname"},
        {"ipv4", is_ipv4, "string \"{}\" is not a valid IPv4 address"},
        {"ipv6", is_ipv6, "string \"{}\" is not a valid IPv6 address"},
        {"regex", is_regex, "string \"{}\" is not a valid ECMA 262 regular expression"},
        {"uri", is_uri, "string \"{}\" is not a valid URI"},
        {"uuid", is_uuid, "input string \"{}\" is not a valid UUID"},
    };

    for (size_t i = 0; i < COUNT(FORMATS); i++) {
        if (span_is(name, FORMATS[i].name))
            return &FORMATS[i];
    }
    return NULL;
}
