-- A new batch's name: rises with time, unique for ever. Microseconds since 1970, then ten bits from
-- a sequence. A clock stepping back can at worst repeat a name, which append_commit answers with a
-- serialization failure, and the batch is tried again under another.
--
-- Whoever names a batch is a writer, until its transaction ends: a rebuild (forget_derived) waits
-- for all of them and keeps new ones waiting.
CREATE OR REPLACE FUNCTION record.batch_name() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN -- a function in SQL would be planned for each batch
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('assay writers', 0));
    RETURN (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 1024
           + nextval('record.batch_tiebreak');
END;
$$;
REVOKE ALL ON FUNCTION record.batch_name() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.batch_name() TO assay_aggregator;
