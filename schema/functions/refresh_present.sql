-- Of the `most` pairs (service, environment) that come after the given one, brings the present of
-- the first one up to date whose row in record.present serves no reader any more. Says which pair
-- to go on after, NULL where there are no more, and whether anything was written.
--
-- One at a time, wherever it is called from. Not beside a rebuild: what follows from the rows that
-- it replaces could pass for what follows from the new ones.
CREATE OR REPLACE FUNCTION record.refresh_present(
    INOUT service text, INOUT environment text, most integer, OUT written boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    pair record;
BEGIN
    written := false;
    IF NOT pg_try_advisory_xact_lock_shared(hashtextextended('assay writers', 0)) THEN
        service := NULL;
        environment := NULL;
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('assay present', 0));
    FOR pair IN
        SELECT e.service, e.environment,
               -- counted, so that PostgreSQL does not ask for the others beforehand
               (SELECT count(*) = 0 FROM record.present_serving(now()) p
                WHERE p.service = e.service AND p.environment = e.environment) AS stale
        FROM record.environment e
        WHERE (e.service, e.environment) > (coalesce(refresh_present.service, ''),
                                            coalesce(refresh_present.environment, ''))
        ORDER BY e.service, e.environment LIMIT most
    LOOP
        service := pair.service;
        environment := pair.environment;
        most := most - 1;
        IF pair.stale THEN
            PERFORM record.note_present(pair.service, pair.environment, now());
            written := true;
            RETURN;
        END IF;
    END LOOP;
    IF most > 0 THEN
        service := NULL;
        environment := NULL;
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION record.refresh_present(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.refresh_present(text, text, integer) TO assay_aggregator;
