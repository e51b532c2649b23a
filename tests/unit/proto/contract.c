/*
 * What the codec, the validator and the JSON walker rely on in the generated descriptors, and what
 * DESIGN's rules for names say of them.
 */
#include "tests/unit/proto/fixture.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void check_enum(const ProtobufCEnumDescriptor *descriptor)
{
    char prefix[80];
    size_t used = 0;
    for (const char *letter = descriptor->short_name; *letter != '\0'; letter++) {
        if (isupper((unsigned char)*letter) && used > 0)
            prefix[used++] = '_';
        prefix[used++] = (char)toupper((unsigned char)*letter);
    }
    prefix[used++] = '_';
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        const ProtobufCEnumValue *value = &descriptor->values[i];
        ck_assert_msg(strncmp(value->name, prefix, used) == 0, "%s", value->name);
        ck_assert_int_eq(value->value, (int)i); /* dense, from zero */
        ck_assert_str_eq(codec_enum_name(descriptor, value->value), value->name + used);
    }
    ck_assert_str_eq(descriptor->values[0].name + used, "UNSPECIFIED");
    ck_assert_ptr_null(codec_enum_name(descriptor, (int)descriptor->n_values));
}

static void check_message(const ProtobufCMessageDescriptor *descriptor, int depth)
{
    ck_assert_int_le(depth, 8);
    ck_assert_uint_le(descriptor->n_fields, 64);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool pointer =
            field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
        if (i > 0) /* the order of packing is the order of the numbers */
            ck_assert_uint_gt(field->id, descriptor->fields[i - 1].id);
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            ck_assert_msg(pointer, "%s.%s: lists hold texts or messages", descriptor->name,
                          field->name);
        ck_assert_int_ne(field->label, PROTOBUF_C_LABEL_REQUIRED);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            check_message(field->descriptor, depth + 1);
        if (field->type == PROTOBUF_C_TYPE_ENUM)
            check_enum(field->descriptor);
    }
}

START_TEST(the_descriptors_are_as_the_code_has_them)
{
    check_message(&assay__v1__event__descriptor, 1);
}
END_TEST

START_TEST(the_bodies_are_those_of_the_design)
{
    static const char *const bodies[] = {
        "control_test_result", "service_onboarding", "scope_change",  "location",
        "programme",           "standard",           "check_mapping", "statement_of_applicability",
        "inheritance",         "exception",          "finding",       "audit",
        "certificate",         "management_record",  "retraction",    "tool_recall"};
    const ProtobufCMessageDescriptor *event = &assay__v1__event__descriptor;
    ck_assert_uint_eq(event->n_fields, 5 + sizeof bodies / sizeof bodies[0]);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        ck_assert_str_eq(event->fields[5 + i].name, bodies[i]);
        ck_assert_uint_ne(event->fields[5 + i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF, 0);
    }
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"descriptors", the_descriptors_are_as_the_code_has_them, 0},
        {"bodies", the_bodies_are_those_of_the_design, 0},
    };
    return RUN_TESTS("contract", tests);
}
