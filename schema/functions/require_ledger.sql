-- Raises where the ledger lacks what a commit took, as it does while a month is archived: a rebuild
-- would make less of less, and nobody would see it. Waits for every writer and keeps new ones
-- waiting, as forget_derived does next. Every commit but a replay has put a record into the ledger.
CREATE OR REPLACE FUNCTION record.require_ledger() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lacking text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('assay writers', 0));
    SELECT string_agg(format('record.ledger_%s (%s of %s commits)', m.month, m.gone, m.commits),
                      ', ' ORDER BY m.month) INTO lacking
    FROM (SELECT to_char(to_timestamp((l.batch >> 10) / 1000000.0) AT TIME ZONE 'UTC', 'YYYY_MM')
                     AS month,
                 count(*) AS commits,
                 count(*) FILTER (WHERE NOT EXISTS (SELECT FROM record.ledger r
                                                    WHERE r.batch = l.batch)) AS gone
          FROM record.commit_log l WHERE NOT l.replay GROUP BY 1) m
    WHERE m.gone > 0;
    IF lacking IS NOT NULL THEN
        RAISE EXCEPTION 'the ledger is not whole, it lacks %', lacking
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'Bring archived months back with record.attach_month, as docs/operations.md '
                     'says.';
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION record.require_ledger() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.require_ledger() TO assay_aggregator;
