#include "consumers/rejects/bytes.h"

#include "proto/codec.h"

enum { PER_LINE = 16 };

bool bytes_printable(const uint8_t *bytes, size_t size)
{
    if (!codec_text(bytes, size))
        return false;
    for (size_t i = 0; i < size; i++) {
        bool c1 = bytes[i] == 0xC2 && bytes[i + 1] < 0xA0; /* U+0080 … U+009F, in two bytes */
        if (bytes[i] < 0x20 || bytes[i] == 0x7F || c1)
            return false;
    }
    return true;
}

void bytes_dump(FILE *out, const uint8_t *bytes, size_t size)
{
    size_t shown = size < BYTES_DUMPED ? size : BYTES_DUMPED;
    for (size_t line = 0; line < shown; line += PER_LINE) {
        size_t end = shown - line < PER_LINE ? shown : line + PER_LINE;
        fprintf(out, "  %08zx ", line);
        for (size_t i = line; i < line + PER_LINE; i++) {
            if (i % 8 == 0)
                fputc(' ', out);
            if (i < end)
                fprintf(out, "%02x ", bytes[i]);
            else
                fputs("   ", out);
        }
        fputs(" |", out);
        for (size_t i = line; i < end; i++)
            fputc(bytes[i] >= 0x20 && bytes[i] < 0x7F ? bytes[i] : '.', out);
        fputs("|\n", out);
    }
    if (shown < size)
        fprintf(out, "  … and %zu more bytes; --value writes all of them\n", size - shown);
}

void bytes_json(FILE *out, const char *json)
{
    for (const unsigned char *c = (const unsigned char *)json; *c != '\0'; c++) {
        if (*c == 0x7F)
            fputs("\\u007f", out);
        else if (*c == 0xC2 && c[1] < 0xA0) /* a C1 control, in two bytes */
            fprintf(out, "\\u%04x", *++c);
        else
            fputc(*c, out);
    }
}
