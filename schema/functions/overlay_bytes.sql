-- The bytes with every occurrence of `old` replaced by `new`, from the first to the last, as
-- replace() does with text. Both have as many bytes, so no length that stands before a text
-- changes.
CREATE OR REPLACE FUNCTION record.overlay_bytes(bytes bytea, old bytea, new bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    passed integer := 0;
    at integer;
BEGIN
    IF length(old) = 0 OR length(old) <> length(new) THEN
        RAISE EXCEPTION '% bytes cannot stand for %', length(new), length(old)
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    LOOP
        at := position(old IN substring(bytes FROM passed + 1));
        EXIT WHEN at = 0;
        bytes := overlay(bytes PLACING new FROM passed + at);
        passed := passed + at - 1 + length(old);
    END LOOP;
    RETURN bytes;
END;
$$;
REVOKE ALL ON FUNCTION record.overlay_bytes(bytea, bytea, bytea) FROM PUBLIC;
