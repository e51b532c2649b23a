-- Marks services as written under their locks: raises each version by one and says up to which
-- governance position they are evaluated.
CREATE OR REPLACE FUNCTION record.store_services(names text[], evaluated bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
BEGIN
    IF cardinality(names) > 16 THEN
        UPDATE record.service s SET version = s.version + 1, governance = evaluated
        FROM unnest(names) n WHERE s.service = n;
    ELSE -- few: without a join
        FOREACH name IN ARRAY coalesce(names, '{}') LOOP
            UPDATE record.service s SET version = s.version + 1, governance = evaluated
            WHERE s.service = name;
        END LOOP;
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION record.store_services(text[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.store_services(text[], bigint) TO assay_aggregator;
