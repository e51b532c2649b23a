#include "proto/wire.h"

#include "tests/unit/proto/fixture.h"

#include <string.h>

static const struct {
    const char *bytes;
    size_t size;
    size_t used; /* 0: none */
    uint64_t number;
} varints[] = {
    {"", 0, 0, 0},
    {"\x00", 1, 1, 0},
    {"\x7F\xFF", 2, 1, 127},
    {"\x80\x01", 2, 2, 128},
    {"\x80\x00", 2, 2, 0}, /* longer than it need be, as protobuf allows */
    {"\x80", 1, 0, 0},
    {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10, 10, UINT64_MAX},
    {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10, 0, 0},
    {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11, 0, 0},
};

START_TEST(varints_are_at_most_64_bits)
{
    uint64_t number = 42;
    ck_assert_uint_eq(wire_varint((const uint8_t *)varints[_i].bytes, varints[_i].size, &number),
                      varints[_i].used);
    ck_assert_uint_eq(number, varints[_i].used == 0 ? 42 : varints[_i].number);
}
END_TEST

#define TEXT(literal) literal, sizeof literal - 1

static const struct {
    const char *text;
    size_t size;
    size_t bad; /* SIZE_MAX: it is good */
} texts[] = {
    {TEXT(""), SIZE_MAX},
    {TEXT("plain ASCII, longer than eight bytes"), SIZE_MAX},
    {TEXT("\x7F\t\n\x01"), SIZE_MAX},
    {TEXT("é ä € 𝄞 \uFFFF \U0010FFFF \uD7FF \uE000"), SIZE_MAX},
    {TEXT("0123456é89012345é"), SIZE_MAX},
    {TEXT("\0"), 0},
    {TEXT("0123456\0"), 7},
    {TEXT("012345678\0 12345678"), 9},
    {TEXT("\x80"), 0},
    {TEXT("abc\xFF"), 3},
    {TEXT("01234567abc\xFEzzzzzz"), 11},
    {TEXT("\xC0\x80"), 0},         /* NUL in two bytes */
    {TEXT("\xC1\xBF"), 0},         /* too long */
    {TEXT("\xE0\x9F\xBF"), 0},     /* too long */
    {TEXT("\xF0\x8F\xBF\xBF"), 0}, /* too long */
    {TEXT("\xED\xA0\x80"), 0},     /* a surrogate */
    {TEXT("\xF4\x90\x80\x80"), 0}, /* past U+10FFFF */
    {TEXT("\xF5\x80\x80\x80"), 0},
    {TEXT("a\xC3"), 1}, /* broken off */
    {TEXT("a\xE2\x82"), 1},
    {TEXT("a\xF0\x9D\x84"), 1},
    {TEXT("a\xC3("), 1},
    {TEXT("a\xE2\x82("), 1},
    {TEXT("a\xF0\x9D(\x9E"), 1},
};

START_TEST(text_is_utf8_without_nul)
{
    size_t bad = SIZE_MAX;
    bool good = wire_text((const uint8_t *)texts[_i].text, texts[_i].size, &bad);
    ck_assert_int_eq(good, texts[_i].bad == SIZE_MAX);
    ck_assert_uint_eq(bad, texts[_i].bad);
    ck_assert_int_eq(codec_text((const uint8_t *)texts[_i].text, texts[_i].size), good);
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"varints", varints_are_at_most_64_bits, COUNT(varints)},
        {"text", text_is_utf8_without_nul, COUNT(texts)},
    };
    return RUN_TESTS("wire", tests);
}
