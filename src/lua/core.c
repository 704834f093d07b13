/* The binding of dataforest.core: checks arguments, calls the core, and registers. */

#include "base/clock.h"
#include "base/file.h"
#include "base/grammar.h"
#include "base/kinds.h"
#include "base/number.h"
#include "lua/compat.h"
#include "lua/decode.h"
#include "lua/http1.h"
#include "lua/hooks.h"
#include "lua/shape.h"
#include "lua/terminal.h"
#include "lua/yield.h"
#include "sign/sign.h"
#include "base/utf8.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#ifndef DATAFOREST_VERSION
#error "DATAFOREST_VERSION comes from the file VERSION, through the build"
#endif

enum { TIMESTAMP_DIGITS = 20, STAGE_SIZE = 1024 };

static struct df_text check_word(lua_State *L, int argument, const char *name) {
    struct df_text text = df_lua_check_text(L, argument);
    if (!df_is_word(text)) {
        lua_pushfstring(L, "the %s is empty or holds a blank or a control character", name);
        luaL_argerror(L, argument, lua_tostring(L, -1));
    }
    return text;
}

/* A number's digits go into `digits`; a string's stay where they are. */
static struct df_text check_timestamp(lua_State *L, int argument, char digits[DF_DIGITS_SIZE]) {
    if (lua_type(L, argument) == LUA_TNUMBER) {
        double value = lua_tonumber(L, argument);
        if (!(value >= 0 && df_number_is_whole(value))) {
            luaL_argerror(L, argument, "the timestamp is not a whole number of milliseconds");
        }
        return df_number_digits((uint64_t)(int64_t)value, digits);
    }
    struct df_text text = df_lua_check_text(L, argument);
    if (!df_is_digits(text) || text.length > TIMESTAMP_DIGITS) {
        luaL_argerror(L, argument, "the timestamp is not of 1 to 20 digits");
    }
    return text;
}

/* --- signer --- */

/* The metatable of signers is the first upvalue of all that follows. */
static struct df_signer *check_signer(lua_State *L) {
    return df_lua_check_self(L, lua_upvalueindex(1), "a signer expected");
}

static int signer_new(lua_State *L) {
    struct df_text access_key = df_lua_check_text(L, 1);
    struct df_text secret_key = df_lua_check_text(L, 2);
    struct df_signer *signer = lua_newuserdata(L, sizeof *signer);
    memset(signer, 0, sizeof *signer);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_setmetatable(L, -2);
    const char *problem = df_signer_open(signer, access_key, secret_key);
    if (problem) {
        return df_lua_refuse(L, problem);
    }
    return 1;
}

static int signer_sign(lua_State *L) {
    char digits[DF_DIGITS_SIZE];
    char signature[DF_SIGNATURE_SIZE];
    struct df_sign_request request;
    struct df_signer *signer = check_signer(L);
    if (!signer->mac) {
        return df_lua_refuse(L, "the signer is closed");
    }
    request.method = check_word(L, 2, "method");
    request.target = check_word(L, 3, "target");
    request.timestamp = check_timestamp(L, 4, digits);
    const char *problem = df_signer_sign(signer, &request, signature);
    if (problem) {
        return df_lua_refuse(L, problem);
    }
    lua_pushlstring(L, signature, DF_SIGNATURE_SIZE - 1);
    lua_pushlstring(L, request.timestamp.data, request.timestamp.length);
    return 2;
}

static int signer_close(lua_State *L) {
    df_signer_close(check_signer(L));
    return 0;
}

static int signer_to_string(lua_State *L) {
    lua_pushfstring(L, "dataforest.signer (%s)", check_signer(L)->mac ? "open" : "closed");
    return 1;
}

/* --- functions --- */

/* Memory for `size` bytes: the caller's own, or memory that Lua collects. */
static char *scratch(lua_State *L, char stage[STAGE_SIZE], size_t size) {
    return size <= STAGE_SIZE ? stage : lua_newuserdata(L, size);
}

static int string_to_sign(lua_State *L) {
    char digits[DF_DIGITS_SIZE];
    char stage[STAGE_SIZE];
    struct df_sign_request request;
    request.method = check_word(L, 1, "method");
    request.target = check_word(L, 2, "target");
    request.timestamp = check_timestamp(L, 3, digits);
    struct df_text access_key = df_lua_check_text(L, 4);
    if (!df_sign_is_key(access_key)) {
        luaL_argerror(L, 4, "the access key is empty or holds CR, LF or NUL");
    }
    size_t size = df_string_to_sign_size(&request, access_key);
    char *out = scratch(L, stage, size);
    df_string_to_sign(&request, access_key, out);
    lua_pushlstring(L, out, size);
    return 1;
}

static int base64(lua_State *L) {
    char stage[STAGE_SIZE];
    struct df_text bytes = df_lua_check_text(L, 1);
    size_t size = df_base64_size(bytes.length);
    char *out = scratch(L, stage, size);
    df_base64(bytes.data, bytes.length, out);
    lua_pushlstring(L, out, size);
    return 1;
}

static int valid_utf8(lua_State *L) {
    struct df_text text = df_lua_check_text(L, 1);
    lua_pushboolean(L, df_utf8_check(text.data, text.length, NULL));
    return 1;
}

static int utf8_length(lua_State *L) {
    struct df_text text = df_lua_check_text(L, 1);
    size_t characters;
    if (df_utf8_check(text.data, text.length, &characters)) {
        lua_pushinteger(L, (lua_Integer)characters);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

static struct df_text check_path(lua_State *L, int argument) {
    struct df_text path = df_lua_check_text(L, argument);
    if (path.length == 0 || strlen(path.data) != path.length) {
        luaL_argerror(L, argument, "the path is empty or holds NUL");
    }
    return path;
}

static int push_saved(lua_State *L, struct df_text path, int failure) {
    if (failure) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s: %s", path.data, strerror(failure));
        return 2;
    }
    lua_pushboolean(L, 1);
    return 1;
}

/* within(value, set): whether the value is text, each byte of which is in the set. The set's n-th
 * byte is not 0 where the byte n - 1 is in it. */
static int within(lua_State *L) {
    struct df_text text = {NULL, 0};
    struct df_text set = df_lua_check_text(L, 2);
    luaL_argcheck(L, set.length == 256, 2, "a set of 256 bytes expected");
    bool is_within = lua_type(L, 1) == LUA_TSTRING;
    if (is_within) {
        text.data = lua_tolstring(L, 1, &text.length);
    }
    for (size_t i = 0; is_within && i < text.length; i++) {
        is_within = set.data[(unsigned char)text.data[i]] != 0;
    }
    lua_pushboolean(L, is_within);
    return 1;
}

/* Writes a byte as JSON has it inside of quotes, or only counts: returns how many bytes it takes.
 */
static size_t escape(unsigned char byte, char *out) {
    static const char names[] = "\b\f\n\r\t\"\\";
    static const char letters[] = "bfnrt\"\\";
    static const char digits[] = "0123456789abcdef";
    const char *name = byte ? strchr(names, byte) : NULL;
    if (name) {
        if (out) {
            out[0] = '\\';
            out[1] = letters[name - names];
        }
        return 2;
    }
    if (byte >= ' ') {
        if (out) {
            out[0] = (char)byte;
        }
        return 1;
    }
    if (out) {
        out[0] = '\\';
        out[1] = 'u';
        out[2] = out[3] = '0';
        out[4] = digits[byte >> 4];
        out[5] = digits[byte & 15];
    }
    return 6;
}

/* A string of JSON, with its quotes; nil where the text is not UTF-8. */
static int quote(lua_State *L) {
    char stage[STAGE_SIZE];
    struct df_text text = df_lua_check_text(L, 1);
    if (!df_utf8_check(text.data, text.length, NULL)) {
        lua_pushnil(L);
        return 1;
    }
    size_t size = 2;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        size += byte >= ' ' && byte != '"' && byte != '\\' ? 1 : escape(byte, NULL);
    }
    char *out = scratch(L, stage, size);
    char *at = out;
    *at++ = '"';
    if (size == text.length + 2) {
        memcpy(at, text.data, text.length);
        at += text.length;
    } else {
        for (size_t i = 0; i < text.length; i++) {
            at += escape((unsigned char)text.data[i], at);
        }
    }
    *at = '"';
    lua_pushlstring(L, out, size);
    return 1;
}

static int save(lua_State *L) {
    struct df_text path = check_path(L, 1);
    struct df_text bytes = df_lua_check_text(L, 2);
    return push_saved(L, path, df_file_save(path.data, bytes.data, bytes.length));
}

/* Whether `save` could write there: it tries, and leaves nothing behind. */
static int can_save(lua_State *L) {
    struct df_text path = check_path(L, 1);
    return push_saved(L, path, df_file_save(path.data, NULL, 0));
}

enum { MAX_LOADED = 1 << 20 };

/* load(path, limit): the bytes of a regular file; or nil and what is wrong. */
static int load(lua_State *L) {
    struct df_text path = check_path(L, 1);
    lua_Number limit = luaL_checknumber(L, 2);
    luaL_argcheck(L, limit >= 1 && limit <= MAX_LOADED, 2, "not 1 to 1048576");
    size_t length = 0;
    char *bytes = lua_newuserdata(L, (size_t)limit);
    int failure = df_file_load(path.data, bytes, (size_t)limit, &length);
    if (failure) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s: %s", path.data,
                        failure == DF_FILE_NOT_REGULAR ? "not a regular file"
                        : failure == EFBIG             ? "too large for such a file"
                                                       : strerror(failure));
        return 2;
    }
    lua_pushlstring(L, bytes, length);
    return 1;
}

static int now(lua_State *L) {
    lua_pushnumber(L, df_clock_now());
    return 1;
}

static int monotonic(lua_State *L) {
    lua_pushnumber(L, df_clock_monotonic());
    return 1;
}

static int sleep_for(lua_State *L) {
    double seconds = luaL_checknumber(L, 1);
    if (isnan(seconds)) {
        luaL_argerror(L, 1, "not a number of seconds");
    }
    df_lua_sleep(L, seconds);
    return 0;
}

/* --- registration --- */

static void push_kinds(lua_State *L) {
    static const struct {
        const char *name, *when;
    } kinds[] = {
#define DF_KIND_ROW(constant, name, when) {name, when},
        DF_KINDS(DF_KIND_ROW)
#undef DF_KIND_ROW
    };
    lua_createtable(L, DF_KIND_COUNT, 0);
    for (int i = 0; i < DF_KIND_COUNT; i++) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, kinds[i].name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, kinds[i].when);
        lua_setfield(L, -2, "when");
        lua_rawseti(L, -2, i + 1);
    }
}

static const luaL_Reg signer_methods[] = {
    {"sign", signer_sign},     {"close", signer_close},          {"__gc", signer_close},
    {"__close", signer_close}, {"__tostring", signer_to_string}, {NULL, NULL},
};

/* hmac_sha256(key, text): 32 bytes. For the emulator, which shares nothing with the signer. */
static int hmac_sha256(lua_State *L) {
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    struct df_text key = df_lua_check_text(L, 1), text = df_lua_check_text(L, 2);
    if (key.length > INT_MAX ||
        !HMAC(EVP_sha256(), key.data, (int)key.length, (const unsigned char *)text.data,
              text.length, mac, &length)) {
        return luaL_error(L, "hmac_sha256: libcrypto failed");
    }
    lua_pushlstring(L, (const char *)mac, length);
    return 1;
}

static const luaL_Reg signer_functions[] = {
    {"signer", signer_new},
    {NULL, NULL},
};

/* The upvalues are the shapes' metatable and the lists' one. */
static const luaL_Reg decode_functions[] = {
    {"shape", df_lua_shape},
    {"decode", df_lua_decode},
    {"coerce", df_lua_coerce},
    {NULL, NULL},
};

/* In the order of the files of the core that they lead to. */
static const luaL_Reg functions[] = {
    /* sign/sign */
    {"string_to_sign", string_to_sign},
    {"base64", base64},
    {"hmac_sha256", hmac_sha256},
    /* base/utf8 */
    {"valid_utf8", valid_utf8},
    {"utf8_length", utf8_length},
    {"within", within},
    {"quote", quote},
    /* base/file */
    {"save", save},
    {"can_save", can_save},
    {"load", load},
    /* base/clock */
    {"now", now},
    {"monotonic", monotonic},
    {"sleep", sleep_for},
    {NULL, NULL},
};

DF_EXPORT int luaopen_dataforest_core(lua_State *L);

int luaopen_dataforest_core(lua_State *L) {
    const char *problem = df_sign_self_check();
    if (problem) {
        return luaL_error(L, "dataforest.core: %s", problem);
    }
    lua_newtable(L);
    df_lua_set_functions(L, functions, 0);
    df_lua_set_is_yieldable(L);

    lua_newtable(L); /* the signers' metatable, and their methods */
    lua_pushvalue(L, -1);
    df_lua_set_functions(L, signer_methods, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    df_lua_set_functions(L, signer_functions, 1);

    df_lua_register_http1(L);

    df_lua_push_shape_metatable(L);
    df_lua_push_list_mark(L);
    df_lua_set_functions(L, decode_functions, 2);

    df_lua_push_terminal(L);
    lua_setfield(L, -2, "terminal");
    push_kinds(L);
    lua_setfield(L, -2, "kinds");
    df_lua_push_costs(L);
    lua_setfield(L, -2, "cost");
    lua_pushliteral(L, DATAFOREST_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}
