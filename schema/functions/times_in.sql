-- How often `sought` is in the bytes, counted as overlay_bytes replaces.
CREATE OR REPLACE FUNCTION record.times_in(sought bytea, bytes bytea) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    passed integer := 0;
    found_at integer;
    counted integer := 0;
BEGIN
    LOOP
        found_at := position(sought IN substring(bytes FROM passed + 1));
        EXIT WHEN found_at = 0 OR length(sought) = 0;
        passed := passed + found_at - 1 + length(sought);
        counted := counted + 1;
    END LOOP;
    RETURN counted;
END;
$$;
REVOKE ALL ON FUNCTION record.times_in(bytea, bytea) FROM PUBLIC;
