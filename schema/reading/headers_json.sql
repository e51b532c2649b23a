-- Kafka headers as stored in record.ledger.headers, as a jsonb array in their order. The layout,
-- repeated to the end: length of the name (int32, big-endian), name, length of the value (-1:
-- NULL), value. What is UTF-8 without NUL shows as text, {"name": …, "value": …}; other bytes in
-- base64 under "name_base64" and "base64". Raises where the bytes are not in this layout.

CREATE OR REPLACE FUNCTION record.utf8_text(bytes bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN convert_from(bytes, 'UTF8');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
    RETURN NULL;
END;
$$;
REVOKE ALL ON FUNCTION record.utf8_text(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.utf8_text(bytea)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.utf8_text(bytea) IS
    'the text these bytes are in UTF-8; NULL where they are none';

CREATE OR REPLACE FUNCTION record.headers_json(headers bytea) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    total integer := length(headers);
    at integer := 0;
    size bigint;
    part text; -- whose turn it is
    bytes bytea;
    one jsonb;
    result jsonb := '[]';
BEGIN
    IF headers IS NULL THEN
        RETURN NULL;
    END IF;
    WHILE at < total LOOP
        one := '{}';
        FOREACH part IN ARRAY ARRAY['name', 'value'] LOOP
            IF at + 4 > total THEN
                RAISE EXCEPTION 'stored headers end within a length'
                USING ERRCODE = 'data_corrupted';
            END IF;
            size := ('x' || encode(substring(headers FROM at + 1 FOR 4), 'hex'))::bit(32)::integer;
            at := at + 4;
            IF size < (CASE part WHEN 'value' THEN -1 ELSE 0 END) OR at + size > total THEN
                RAISE EXCEPTION 'stored headers claim a % of % bytes at byte %', part, size, at
                USING ERRCODE = 'data_corrupted';
            END IF;
            bytes := CASE WHEN size >= 0 THEN substring(headers FROM at + 1 FOR size::integer) END;
            at := at + greatest(size, 0)::integer;
            one := one || CASE
                WHEN bytes IS NULL THEN jsonb_build_object('value', NULL)
                WHEN record.utf8_text(bytes) IS NOT NULL
                    THEN jsonb_build_object(part, record.utf8_text(bytes))
                ELSE jsonb_build_object(CASE part WHEN 'name' THEN 'name_base64' ELSE 'base64' END,
                                        translate(encode(bytes, 'base64'), E'\n', ''))
            END;
        END LOOP;
        result := result || one;
    END LOOP;
    RETURN result;
END;
$$;
REVOKE ALL ON FUNCTION record.headers_json(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.headers_json(bytea)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.headers_json(bytea) IS
    'Kafka headers as stored in record.ledger, as a jsonb array of {name, value}';
