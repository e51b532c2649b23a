/*
 * golden -- what is on the wire stays what it is.
 *
 * For every body two events lie here as JSON and as bytes: one with every field filled, one with
 * nothing but what is required. Each must read and write the other exactly. Bytes or JSON that
 * change are a break of the contract with everything already published, unless the change only
 * adds.
 *
 * ASSAY_REGENERATE_GOLDEN=1 writes the bytes, and the JSON in its canonical form, anew from the
 * JSON that lies here: for a new body or field. Look at the difference before committing it.
 */
#include "proto/codec.h"
#include "proto/identity.h"
#include "proto/json.h"
#include "proto/record.h"
#include "proto/validate.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 16 * 1024, ENVELOPE_FIELDS = 5 };

static const char *const variants[] = {"full", "minimal"};

struct content {
    uint8_t bytes[FILE_MOST];
    size_t size;
};

static const ProtobufCFieldDescriptor *body_field(int body)
{
    return &assay__v1__event__descriptor.fields[ENVELOPE_FIELDS + body];
}

static void file_name(const char *body, const char *variant, const char *kind, char out[static 512])
{
    snprintf(out, 512, "%s/%s.%s.%s", GOLDEN_DIR, body, variant, kind);
}

static void read_file(const char *body, const char *variant, const char *kind,
                      struct content *content)
{
    char name[512];
    file_name(body, variant, kind, name);
    FILE *file = fopen(name, "rb");
    ck_assert_msg(file != NULL, "%s: cannot be opened; every body needs it", name);
    content->size = fread(content->bytes, 1, sizeof content->bytes, file);
    ck_assert_msg(feof(file), "%s: larger than %d bytes", name, FILE_MOST);
    fclose(file);
}

static void write_file(const char *body, const char *variant, const char *kind, const void *bytes,
                       size_t size)
{
    char name[512];
    file_name(body, variant, kind, name);
    FILE *file = fopen(name, "wb");
    ck_assert_msg(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0,
                  "%s: cannot be written", name);
}

/* An event without id is given the one it has: the minimal ones carry their derived id. */
static void regenerate(const char *body, const char *variant, struct arena *arena)
{
    struct content json;
    struct fault why;
    read_file(body, variant, "json", &json);
    Assay__V1__Event *event = json_read_event((char *)json.bytes, json.size, arena, &why);
    ck_assert_msg(event != NULL, "%s.%s.json: %s", body, variant, why.text);
    char text[UUID_TEXT_MAX];
    if (*event->id == '\0') {
        uuid id;
        identity_of(event, &id);
        event->id = uuid_format(&id, text);
    }
    uint8_t bytes[FILE_MOST];
    ck_assert_uint_le(codec_encode(event, NULL), sizeof bytes);
    write_file(body, variant, "bin", bytes, codec_encode(event, bytes));
    char *line = json_write_event(event);
    size_t size = strlen(line);
    line[size] = '\n'; /* in place of the NUL */
    write_file(body, variant, "json", line, size + 1);
    free(line);
}

static void assert_filled(const ProtobufCMessage *message, const char *path)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const uint8_t *member = (const uint8_t *)message + field->offset;
        const uint8_t *quantifier = (const uint8_t *)message + field->quantifier_offset;
        char here[300];
        snprintf(here, sizeof here, "%s.%s", path, field->name);
        bool well_known = strncmp(message->descriptor->name, "google.", 7) == 0;
        bool of_body = field->type == PROTOBUF_C_TYPE_MESSAGE &&
                       (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
        if (well_known || (of_body && *(const uint32_t *)quantifier != field->id))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            ck_assert_msg(*(const size_t *)quantifier > 0, "%s: empty", here);
            if (field->type == PROTOBUF_C_TYPE_MESSAGE)
                assert_filled(**(ProtobufCMessage *const *const *)member, here);
        } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && !of_body) {
            ck_assert_msg(*(const uint32_t *)quantifier == field->id, "%s: absent", here);
        } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            ck_assert_msg(*(ProtobufCMessage *const *)member != NULL, "%s: absent", here);
            assert_filled(*(ProtobufCMessage *const *)member, here);
        } else if (field->type == PROTOBUF_C_TYPE_STRING) {
            ck_assert_msg(**(char *const *)member != '\0', "%s: empty", here);
        } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
            ck_assert_msg(((const ProtobufCBinaryData *)member)->len > 0, "%s: empty", here);
        } else {
            ck_assert_msg(*(const int32_t *)member != 0, "%s: zero", here);
        }
    }
}

static void check_variant(const ProtobufCFieldDescriptor *body, const char *variant,
                          struct arena *arena)
{
    static struct content bytes;
    static struct content json;
    struct fault why;
    read_file(body->name, variant, "bin", &bytes);
    read_file(body->name, variant, "json", &json);
    ck_assert_msg(json.size > 0 && json.bytes[--json.size] == '\n', "%s: one line", body->name);

    Assay__V1__Event *event = codec_decode(bytes.bytes, bytes.size, arena, &why);
    ck_assert_msg(event != NULL, "%s.%s.bin: %s", body->name, variant, why.text);
    ck_assert_uint_eq(event->body_case, body->id);
    ck_assert_str_eq(record_body_name(event), body->name);
    struct violation first;
    ck_assert_msg(validate_event(event, &first), "%s.%s: %s: %s", body->name, variant, first.path,
                  first.rule);
    char *line = json_write_event(event);
    ck_assert_uint_eq(strlen(line), json.size);
    ck_assert_mem_eq(line, json.bytes, json.size);
    free(line);

    event = json_read_event((char *)json.bytes, json.size, arena, &why);
    ck_assert_msg(event != NULL, "%s.%s.json: %s", body->name, variant, why.text);
    uint8_t again[FILE_MOST];
    ck_assert_uint_eq(codec_encode(event, NULL), bytes.size);
    codec_encode(event, again);
    ck_assert_mem_eq(again, bytes.bytes, bytes.size);

    uuid id;
    char text[UUID_TEXT_MAX];
    identity_of(event, &id);
    if (strcmp(variant, "full") == 0)
        assert_filled(&event->base, body->name);
    else
        ck_assert_str_eq(uuid_format(&id, text), event->id);
}

START_TEST(bytes_and_json_say_the_same)
{
    struct arena *arena = arena_new(1 << 20);
    const ProtobufCFieldDescriptor *body = body_field(_i);
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        if (getenv("ASSAY_REGENERATE_GOLDEN") != NULL)
            regenerate(body->name, variants[i], arena);
        check_variant(body, variants[i], arena);
    }
    arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden");
    TCase *bodies = tcase_create("bodies");
    int count = (int)assay__v1__event__descriptor.n_fields - ENVELOPE_FIELDS;
    tcase_add_loop_test(bodies, bytes_and_json_say_the_same, 0, count);
    suite_add_tcase(suite, bodies);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
