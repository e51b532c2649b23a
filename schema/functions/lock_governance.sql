-- Holds governance FOR UPDATE: waits for every evidence batch in flight, keeps new ones waiting.
CREATE OR REPLACE FUNCTION record.lock_governance() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT g.position FROM record.governance_head g FOR UPDATE;
$$;
REVOKE ALL ON FUNCTION record.lock_governance() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.lock_governance() TO assay_aggregator;
