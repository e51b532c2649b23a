-- Holds governance alone: waits for every evidence batch in flight, and new ones queue behind it.
-- Returns the position of the last governance commit.
CREATE OR REPLACE FUNCTION record.lock_governance() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('assay governance', 0));
    -- A statement of its own, so that it sees what the wait was for.
    RETURN (SELECT g.position FROM record.governance_head g);
END;
$$;
REVOKE ALL ON FUNCTION record.lock_governance() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.lock_governance() TO assay_aggregator;
