-- Writes down what cell_status and service_status say of one (service, environment) at an instant,
-- with the span around it in which they say the same: no step lies in it, and it does not reach
-- back behind the keyframes the steps are told from. Steps that are removed again bound it too: so
-- only the instants have to be looked at.
--
-- Must not run beside a rebuild; refresh_present sees to that.
CREATE OR REPLACE FUNCTION record.note_present(service text, environment text, at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    WITH begin AS (
        SELECT k.* FROM (
            SELECT k.seq, k.complete_from FROM record.timeline k
            WHERE k.service = note_present.service AND k.environment = note_present.environment
              AND k.keyframe AND k.complete_from <= note_present.at
            ORDER BY k.seq DESC LIMIT 1
        ) k
        UNION ALL
        SELECT k.* FROM (
            SELECT k.seq, k.complete_from FROM record.standing k
            WHERE k.service = note_present.service AND k.environment = note_present.environment
              AND k.keyframe AND k.complete_from <= note_present.at
            ORDER BY k.seq DESC LIMIT 1
        ) k
    ), told AS (
        SELECT t.seq, t.at AS instants FROM record.timeline t
        WHERE t.service = note_present.service AND t.environment = note_present.environment
          AND t.seq >= (SELECT min(b.seq) FROM begin b)
        UNION ALL
        SELECT t.seq, t.at || t.tally_at FROM record.standing t
        WHERE t.service = note_present.service AND t.environment = note_present.environment
          AND t.seq >= (SELECT min(b.seq) FROM begin b)
    ), span AS (
        SELECT max(i.at) FILTER (WHERE i.at <= note_present.at) AS since,
               min(i.at) FILTER (WHERE i.at > note_present.at) AS until
        FROM told t CROSS JOIN LATERAL unnest(t.instants) AS i (at)
    )
    INSERT INTO record.present AS p (service, environment, seq, since, until, cells, standings)
    SELECT note_present.service, note_present.environment, (SELECT max(t.seq) FROM told t),
           greatest(s.since, (SELECT max(b.complete_from) FROM begin b)),
           coalesce(s.until, 'infinity'),
           ARRAY(SELECT c FROM record.cells_told(note_present.service, note_present.environment,
                                                 note_present.at, NULL) c),
           ARRAY(SELECT c FROM record.standings_told(note_present.service,
                                                     note_present.environment,
                                                     note_present.at, NULL) c)
    FROM span s
    WHERE EXISTS (SELECT FROM begin)
    ON CONFLICT (service, environment) DO UPDATE
    SET seq = excluded.seq, since = excluded.since, until = excluded.until,
        cells = excluded.cells, standings = excluded.standings;
END;
$$;
REVOKE ALL ON FUNCTION record.note_present(text, text, timestamptz) FROM PUBLIC;
