#ifndef DF_CONFORM_H
#define DF_CONFORM_H

#include "shape.h"

enum df_conformity {
    DF_CONFORMS_NOT,
    DF_CONFORMS_BUT_NUMBERS, /* all is of its type, with whole numbers in fields of the shape */
    DF_CONFORMS              /* all is of its type, and there are no numbers */
};

/* Whether what a JSON decoder makes of the text has its types right already: most answers do, and
 * looking at their text is cheaper than looking at each decoded value.
 * The text must be one well-formed JSON value and end with NUL. DF_CONFORMS_NOT may be said of an
 * answer that does conform, if it is an unusual one; the other two are never wrong.
 * Remembers in the shape the order of the fields, and which have numbers. */
enum df_conformity df_conform(struct df_shape *shape, const char *text);

#endif
