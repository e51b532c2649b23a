-- Empties everything that is derived, for a rebuild in the same transaction. First waits for every
-- writer (batch_name) and keeps new ones waiting; readers see the old rows until the rebuild
-- commits. Service rows stay: they are what is locked, and their versions must never go back.
CREATE OR REPLACE FUNCTION record.forget_derived() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('assay writers', 0));
    DELETE FROM record.fact;
    DELETE FROM record.fact_step;
    DELETE FROM record.certification_step;
    DELETE FROM record.environment;
    DELETE FROM record.stream;
    DELETE FROM record.tool;
    DELETE FROM record.cell;
    DELETE FROM record.producer;
    DELETE FROM record.history;
    DELETE FROM record.timeline;
    DELETE FROM record.standing;
    DELETE FROM record.unmapped;
END;
$$;
REVOKE ALL ON FUNCTION record.forget_derived() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.forget_derived() TO assay_aggregator;
