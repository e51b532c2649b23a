-- Who sent what, for silent_producer. Arrays run in parallel, one element a (service, source,
-- check); sums up what one batch brought.
CREATE OR REPLACE FUNCTION record.note_producers(
    services text[], sources text[], checks text[], last_events timestamptz[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO record.producer AS p (service, source, last_event_at, checks)
    SELECT w.service, w.source, max(w.last_event_at),
           array_agg(DISTINCT w."check" COLLATE "C" ORDER BY w."check" COLLATE "C")
    FROM unnest(services, sources, checks, last_events)
         AS w (service, source, "check", last_event_at)
    GROUP BY w.service, w.source
    ON CONFLICT (service, source) DO UPDATE
    SET last_event_at = greatest(p.last_event_at, excluded.last_event_at),
        checks = CASE WHEN p.checks @> excluded.checks THEN p.checks
                 ELSE ARRAY(SELECT DISTINCT c COLLATE "C"
                            FROM unnest(p.checks || excluded.checks) c ORDER BY c COLLATE "C")
                 END
    WHERE p.last_event_at < excluded.last_event_at OR NOT p.checks @> excluded.checks;
$$;
REVOKE ALL ON FUNCTION record.note_producers(text[], text[], text[], timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.note_producers(text[], text[], text[], timestamptz[])
    TO assay_aggregator;
