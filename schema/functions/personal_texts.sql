-- The texts of a serialized Event with a test result that may speak of a person and by which no
-- status is decided, or only by their being equal: actor; subject, summary and evidence's uri.
CREATE OR REPLACE FUNCTION record.personal_texts(value bytea) RETURNS SETOF bytea
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    event bytea := value;
    test_result bytea;
    skipped integer;
BEGIN
    -- Confluent's framing: 0, four bytes of a schema's id, and an index: of the first message a
    -- single 0, else how many numbers follow; none of them needs more than a byte.
    IF length(value) > 6 AND get_byte(value, 0) = 0 THEN
        skipped := 6 + CASE get_byte(value, 5) WHEN 0 THEN 0 ELSE get_byte(value, 5) / 2 END;
        event := substring(value FROM skipped + 1);
    END IF;
    RETURN QUERY SELECT * FROM record.wire_payloads(event, 5);
    FOR test_result IN SELECT * FROM record.wire_payloads(event, 10) LOOP
        RETURN QUERY SELECT * FROM record.wire_payloads(test_result, 4);
        RETURN QUERY SELECT * FROM record.wire_payloads(test_result, 10);
        RETURN QUERY SELECT u FROM record.wire_payloads(test_result, 9) e,
                                   record.wire_payloads(e, 1) u;
    END LOOP;
END;
$$;
REVOKE ALL ON FUNCTION record.personal_texts(bytea) FROM PUBLIC;
