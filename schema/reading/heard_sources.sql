-- The sources of a service as packed by consumers/store/heard.h, which says the layout. Raises
-- where the bytes are not in it.
CREATE OR REPLACE FUNCTION record.heard_sources(heard bytea)
RETURNS TABLE (source text, last_event_at timestamptz, checks bytea)
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    at integer := 0;
    size integer;
    field bytea[];
BEGIN
    WHILE at < length(heard) LOOP
        field := '{}';
        WHILE coalesce(cardinality(field), 0) < 3 LOOP
            size := ('x' || encode(substring(heard FROM at + 1 FOR 4), 'hex'))::bit(32)::integer;
            IF size < 0 OR at + 4 + size > length(heard) THEN
                RAISE EXCEPTION 'what is heard claims a field of % bytes at byte %', size, at
                USING ERRCODE = 'data_corrupted';
            END IF;
            field := field || substring(heard FROM at + 5 FOR size);
            at := at + 4 + size;
        END LOOP;
        source := convert_from(field[1], 'UTF8');
        last_event_at := timestamptz '2000-01-01 00:00:00Z'
            + ('x' || encode(field[2], 'hex'))::bit(64)::bigint * interval '1 microsecond';
        checks := field[3];
        RETURN NEXT;
    END LOOP;
END;
$$;
REVOKE ALL ON FUNCTION record.heard_sources(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.heard_sources(bytea)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.heard_sources(bytea) IS
    'who has sent results of a service, when last, and by bits which of its checks';
