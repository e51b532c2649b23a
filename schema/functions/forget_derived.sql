-- Empties everything that is derived, for a rebuild in the same transaction by that version of
-- consumers/store (store.h, STORE_DERIVATION). First waits for every
-- writer (batch_name) and keeps new ones waiting; readers see the old rows until the rebuild
-- commits. Service rows stay: they are what is locked, and their versions must never go back. Names
-- (stream, tool, cell) stay, too: mostly they come out the same, else forget_names follows.
DROP FUNCTION IF EXISTS record.forget_derived();
CREATE OR REPLACE FUNCTION record.forget_derived(by_version integer) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('assay writers', 0));
    DELETE FROM record.fact;
    DELETE FROM record.fact_step;
    DELETE FROM record.certification_step;
    DELETE FROM record.environment;
    DELETE FROM record.producer;
    DELETE FROM record.history;
    DELETE FROM record.timeline;
    DELETE FROM record.standing;
    DELETE FROM record.unmapped;
    DELETE FROM record.present;
    INSERT INTO record.derivation (version) VALUES (by_version)
    ON CONFLICT (one) DO UPDATE SET version = excluded.version;
END;
$$;
REVOKE ALL ON FUNCTION record.forget_derived(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.forget_derived(integer) TO assay_aggregator;
