-- Locks some services that are not evaluated up to the last governance commit, passing over those
-- another aggregator has in hand, and holds governance shared (see lock_services). A writer, as
-- batch_name says.
CREATE OR REPLACE FUNCTION record.lock_lagging(most integer)
RETURNS TABLE (service text, version bigint, governance bigint, head bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    last_position bigint;
    names text[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('assay writers', 0));
    SELECT array_agg(l.service) INTO names
    FROM (SELECT s.service FROM record.service s
          WHERE s.governance < (SELECT g.position FROM record.governance_head g)
          ORDER BY s.governance, s.service COLLATE "C"
          LIMIT most FOR UPDATE SKIP LOCKED) l;
    IF names IS NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('assay governance', 0));
    SELECT g.position INTO last_position FROM record.governance_head g;
    RETURN QUERY SELECT s.service, s.version, s.governance, last_position
                 FROM record.service s WHERE s.service = ANY (names)
                 ORDER BY s.service COLLATE "C";
END;
$$;
REVOKE ALL ON FUNCTION record.lock_lagging(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.lock_lagging(integer) TO assay_aggregator;
