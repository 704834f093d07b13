#include "conform.h"

#include <string.h>

/* Each scan_ and skip_ function starts at `at` and returns where it ended, or NULL for text that is
 * not as it was to be. */

enum { SAFE_DIGITS = 15 }; /* any number of so many digits is below 2^53 */

struct scan {
    const struct df_type *types;
    struct df_field *fields;
    size_t numbers; /* met so far */
};

static inline const char *skip_blanks(const char *at) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') {
        at++;
    }
    return at;
}

static const char *skip_word(const char *at, const char *word, size_t length) {
    return strncmp(at, word, length) == 0 ? at + length : NULL;
}

/* The rest of a string. A quote is escaped if an odd number of backslashes comes before it. */
static const char *skip_string(const char *at) {
    const char *quote = strchr(at, '"');
    while (quote) {
        const char *escape = quote;
        while (escape > at && escape[-1] == '\\') {
            escape--;
        }
        if ((quote - escape) % 2 == 0) {
            return quote + 1;
        }
        quote = strchr(quote + 1, '"');
    }
    return NULL;
}

/* A fraction or an exponent is left over, and then not what follows a value. */
static const char *scan_number(struct scan *s, const char *at) {
    at += *at == '-';
    const char *start = at;
    while (*at >= '0' && *at <= '9') {
        at++;
    }
    s->numbers++;
    return at > start && at - start <= SAFE_DIGITS ? at : NULL;
}

static const char *scan_object(struct scan *s, const char *at, const struct df_type *object);
static const char *scan_array(struct scan *s, const char *at, const struct df_type *array);

static inline const char *scan_value(struct scan *s, const char *at, const struct df_type *type) {
    enum df_type_tag tag = type->tag;
    at = skip_blanks(at);
    switch (*at) {
    case '"':
        return tag == DF_TYPE_STRING || tag == DF_TYPE_ANY ? skip_string(at + 1) : NULL;
    case 't':
        return tag == DF_TYPE_BOOLEAN || tag == DF_TYPE_ANY ? skip_word(at, "true", 4) : NULL;
    case 'f':
        return tag == DF_TYPE_BOOLEAN || tag == DF_TYPE_ANY ? skip_word(at, "false", 5) : NULL;
    case '{':
        return tag == DF_TYPE_OBJECT ? scan_object(s, at + 1, type) : NULL;
    case '[':
        return tag == DF_TYPE_ARRAY ? scan_array(s, at + 1, type) : NULL;
    default:
        return df_type_takes_numbers(tag) ? scan_number(s, at) : NULL;
    }
}

static inline bool has_name(const struct df_field *field, const char *at) {
    return *at == *field->name && strncmp(at, field->name, field->length) == 0 &&
           at[field->length] == '"';
}

/* The field that is named in the text, or NULL if the object has none such. The one that was met at
 * this place of the last answer is tried first. */
static struct df_field *find_field(struct df_field *fields, const struct df_type *object, int place,
                                   const char *at) {
    if (place < object->count && has_name(&fields[fields[place].guess], at)) {
        return &fields[fields[place].guess];
    }
    for (int i = 0; i < object->count; i++) {
        if (has_name(&fields[i], at)) {
            if (place < object->count) {
                fields[place].guess = i;
            }
            return &fields[i];
        }
    }
    return NULL;
}

/* A member that the shape does not know may be whatever needs no second look. Its name must not be
 * an escaped form of one that the shape does know. */
static const char *scan_unknown(struct scan *s, const char *at) {
    size_t numbers = s->numbers;
    const char *end = skip_string(at);
    if (!end || memchr(at, '\\', (size_t)(end - at))) {
        return NULL;
    }
    end = skip_blanks(end);
    end = *end == ':' ? scan_value(s, end + 1, s->types) : NULL;
    return s->numbers == numbers ? end : NULL;
}

/* The rest of a member that the shape does know. */
static const char *scan_known(struct scan *s, const char *at, struct df_field *field) {
    size_t numbers = s->numbers;
    at = skip_blanks(at + field->length + 1);
    if (*at != ':' || field->real >= 0) {
        return NULL;
    }
    at = scan_value(s, at + 1, s->types + field->type);
    field->has_numbers = field->has_numbers || s->numbers != numbers;
    return at;
}

/* Members after the opening brace. */
static const char *scan_object(struct scan *s, const char *at, const struct df_type *object) {
    struct df_field *fields = s->fields + object->first;
    at = skip_blanks(at);
    for (int place = 0; at && *at != '}'; place++) {
        if (place > 0) {
            at = skip_blanks(at + (*at == ','));
        }
        if (*at++ != '"') {
            return NULL;
        }
        struct df_field *field = find_field(fields, object, place, at);
        at = field ? scan_known(s, at, field) : scan_unknown(s, at);
        at = at ? skip_blanks(at) : NULL;
    }
    return at ? at + 1 : NULL;
}

/* Items after the opening bracket. */
static const char *scan_array(struct scan *s, const char *at, const struct df_type *array) {
    at = skip_blanks(at);
    for (bool first = true; at && *at != ']'; first = false) {
        at = scan_value(s, at + (!first && *at == ','), s->types + array->item);
        at = at ? skip_blanks(at) : NULL;
    }
    return at ? at + 1 : NULL;
}

enum df_conformity df_conform(struct df_shape *shape, const char *text) {
    struct scan s = {shape->types, shape->fields, 0};
    const char *end = scan_value(&s, text, shape->types + shape->root);
    if (!end || *skip_blanks(end) != '\0') {
        return DF_CONFORMS_NOT;
    }
    return s.numbers ? DF_CONFORMS_BUT_NUMBERS : DF_CONFORMS;
}
