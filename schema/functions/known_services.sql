-- Every service there is, for who has to know who inherits from whom. Where one of `names` is new,
-- no other transaction may be meeting a new service meanwhile: each would be evaluated without the
-- other. Held, shared or alone, until the transaction ends.
CREATE OR REPLACE FUNCTION record.known_services(names text[]) RETURNS SETOF text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(names) n
               WHERE NOT EXISTS (SELECT FROM record.service s WHERE s.service = n)) THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('assay services', 0));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('assay services', 0));
    END IF;
    RETURN QUERY SELECT s.service FROM record.service s;
END;
$$;
REVOKE ALL ON FUNCTION record.known_services(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.known_services(text[]) TO assay_aggregator;
