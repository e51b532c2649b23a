-- An operator's: makes a detached month part of the ledger again; where it had been dropped,
-- pg_restore has put its table back before. Returns how many records it holds. For members of
-- assay_owner only.
CREATE OR REPLACE FUNCTION record.attach_month(wanted text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    archived record.archive;
    counted bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('assay ledger partitions', 0));
    DELETE FROM record.archive a WHERE a.month = wanted RETURNING * INTO archived;
    IF archived IS NULL THEN
        RAISE EXCEPTION 'month % is not archived', wanted
        USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF to_regclass('record.ledger_' || wanted) IS NULL THEN
        RAISE EXCEPTION 'there is no table record.ledger_%', wanted
        USING ERRCODE = 'undefined_table', HINT = 'Restore it from its file with pg_restore first.';
    END IF;
    EXECUTE format('SELECT count(*) FROM record.%I', 'ledger_' || wanted) INTO counted;
    IF counted <> archived.records THEN
        RAISE EXCEPTION 'record.ledger_% holds % records, and % were detached', wanted, counted,
                        archived.records
        USING ERRCODE = 'data_corrupted';
    END IF;
    EXECUTE format('ALTER TABLE record.ledger ATTACH PARTITION record.%I FOR VALUES FROM (%s) '
                   'TO (%s)', 'ledger_' || wanted, archived.from_batch, archived.past_batch);
    RETURN counted;
END;
$$;
REVOKE ALL ON FUNCTION record.attach_month(text) FROM PUBLIC;
