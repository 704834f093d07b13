#include "base/kinds.h"

const char *df_kind_name(enum df_kind kind) {
    static const char *const names[] = {
#define DF_KIND_NAME(constant, name, when) name,
        DF_KINDS(DF_KIND_NAME)
#undef DF_KIND_NAME
    };
    return names[kind];
}
