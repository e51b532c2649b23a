-- Marks services as written under their locks: raises each version by one and says up to which
-- governance position they are evaluated.
CREATE OR REPLACE FUNCTION record.store_services(names text[], evaluated bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE record.service s SET version = s.version + 1, governance = evaluated
    WHERE s.service = ANY (names);
$$;
REVOKE ALL ON FUNCTION record.store_services(text[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.store_services(text[], bigint) TO assay_aggregator;
