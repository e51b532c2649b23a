-- The status of every cell: (service, environment, standard, control).
--
-- What a status is, consumers/posture decides; here steps are only chosen. A reader of instant T
-- begins at the last row that is a keyframe and complete from T or earlier, takes every row from
-- there on, and lets the latest row count where several speak of one (cell, instant). In force is
-- the step with the greatest instant up to T; the transitions around T bound the span of equal
-- status. Where a position is given, rows of later commits do not exist, keyframes among them.
--
-- The functions are single SELECTs with the caller's rights, which PostgreSQL merges into the query
-- that calls them: WHERE service = … and environment = … choose the rows by their index. A subquery
-- as an argument prevents that; ask for the instant first. WHERE standard = … and control = … go as
-- far down: names are part of what is distinct and of the window's partition, so steps of cells
-- that nobody asks for are neither sorted nor windowed. Arrays are unnested in a select list, side
-- by side: in FROM the elements of each would be put into a store of their own first.
--
-- Steps get their names by a FULL JOIN, because PostgreSQL does that by hashing or merging whatever
-- it believes of the tables, and never lets each of a million steps meet each name. coalesce keeps
-- the join full: a plain condition on either side would make it an inner one. The LIMITs leave
-- nothing out. One that is no constant is taken for a tenth of the rows: so it is names that are
-- hashed, and what a read is believed to cost stays far below what PostgreSQL would compile it for
-- (jit_above_cost), which takes longer than the read.
--
-- Where a row of record.present holds at T, it is taken instead: it has the same answer ready. Each
-- pair is asked once whether it has one, and either branch is begun only where it is its turn.
--
-- Measured with 300 services in 2 environments of 174 cells, 700 steps each from the last keyframe
-- on: one cell 0.4 ms, the cells of one service 3 ms, all 104,400 cells 0.7 s; from record.present
-- 0.1 ms, 0.8 ms and 0.1 s.

DELETE FROM record.present; -- what these functions said before they changed

-- Of one (service, environment), from its timeline.
CREATE OR REPLACE FUNCTION record.cells_told(
    service text, environment text, at timestamptz, upto bigint)
RETURNS SETOF record.present_cell
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT x.standard, x.control, x.status, x.since, x.until, x.flags & 2 <> 0, x.inherited_from,
           coalesce(x.checks, x.all_checks), coalesce(x.missing, x.all_missing), x.deciding,
           x.exception, x.finding
    FROM (
        SELECT u.*,
               max(u.at) FILTER (WHERE u.at <= cells_told.at) OVER w AS in_force,
               max(u.at) FILTER (WHERE u.flags & 1 <> 0 AND u.at <= cells_told.at) OVER w AS since,
               min(u.at) FILTER (WHERE u.flags & 1 <> 0 AND u.at > cells_told.at) OVER w AS until
        FROM (
            SELECT DISTINCT ON (e.cell, standard, control, e.at)
                   coalesce(c.standard, '') AS standard, coalesce(c.control, '') AS control, e.*
            FROM (
                SELECT n.* FROM (
                    SELECT k.cell, k.standard, k.control FROM record.cell k
                    WHERE k.service = cells_told.service
                      AND k.environment = cells_told.environment
                    LIMIT (SELECT 1000000000) -- which is none; see above
                ) n LIMIT (SELECT 1000000000)
            ) c
            FULL JOIN (
                SELECT t.seq, unnest(t.cell) AS cell, unnest(t.at) AS at,
                       unnest(t.status) AS status, unnest(t.flags) AS flags,
                       unnest(t.checks) AS checks, t.all_checks,
                       unnest(t.missing) AS missing, t.all_missing,
                       unnest(t.deciding) AS deciding, unnest(t.exception) AS exception,
                       unnest(t.finding) AS finding, unnest(t.inherited_from) AS inherited_from
                FROM (
                    SELECT t.*, t.checks[1] AS all_checks, t.missing[1] AS all_missing
                    FROM record.timeline t
                    WHERE t.service = cells_told.service
                      AND t.environment = cells_told.environment
                      AND t.seq >= ( -- a value, so that no plan reads the rows before it
                          SELECT k.seq FROM record.timeline k
                          WHERE k.service = cells_told.service
                            AND k.environment = cells_told.environment
                            AND k.keyframe AND k.complete_from <= cells_told.at
                            AND (cells_told.upto IS NULL
                                 OR (SELECT l.position FROM record.commit_log l
                                     WHERE l.batch = k.batch) <= cells_told.upto)
                          ORDER BY k.seq DESC LIMIT 1)
                      AND (cells_told.upto IS NULL
                           OR (SELECT l.position FROM record.commit_log l
                               WHERE l.batch = t.batch) <= cells_told.upto)
                    OFFSET 0 -- the array decompressed once a row, not once a step
                ) t
            ) e ON e.cell = c.cell
            WHERE coalesce(c.cell, -1) >= 0 AND coalesce(e.cell, -1) >= 0 -- an inner join after all
            ORDER BY e.cell, standard, control, e.at, e.seq DESC
        ) u
        WHERE u.status >= 0
        WINDOW w AS (PARTITION BY u.cell, u.standard, u.control)
    ) x
    WHERE x.at = x.in_force AND x.status > 0;
END;
REVOKE ALL ON FUNCTION record.cells_told(text, text, timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.cells_told(text, text, timestamptz, bigint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.cells_told(text, text, timestamptz, bigint) IS
    'the cells of one service in one environment, as its timeline has them';

-- What such a row shows.
CREATE OR REPLACE FUNCTION record.cell_status_upto(at timestamptz, upto bigint)
RETURNS TABLE (
    service text, environment text, standard text, control text, status text, since timestamptz,
    until timestamptz, due_soon boolean, stale boolean, inherited_from text, checks integer,
    checks_missing integer, deciding_event uuid, exception text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.service, c.environment, c.standard, c.control, record.cell_status_name(c.status),
           c.since, c.until,
           -- PASSED, and not for 7 more days
           c.status = 3 AND c.until IS NOT NULL
               AND c.until <= cell_status_upto.at + interval '168 hours',
           c.stale, c.inherited_from, c.checks, c.missing, c.deciding, c.exception, c.finding
    FROM (
        SELECT p.service, p.environment, t.*
        FROM record.environment p
        LEFT JOIN record.present_serving(cell_status_upto.at) r
            ON r.service = p.service AND r.environment = p.environment
               AND cell_status_upto.upto IS NULL
        CROSS JOIN LATERAL (
            SELECT k.* FROM unnest(r.cells) k -- of NULL: no row
            UNION ALL
            SELECT k.*
            FROM record.cells_told(p.service, p.environment, cell_status_upto.at,
                                   cell_status_upto.upto) k
            WHERE r.service IS NULL
        ) t
    ) c;
END;
REVOKE ALL ON FUNCTION record.cell_status_upto(timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.cell_status_upto(timestamptz, bigint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.cell_status_upto(timestamptz, bigint) IS
    'assay.cell_status_at, as known at a position (NULL: now)';

CREATE OR REPLACE FUNCTION assay.cell_status_at(at timestamptz)
RETURNS TABLE (
    service text, environment text, standard text, control text, status text, since timestamptz,
    until timestamptz, due_soon boolean, stale boolean, inherited_from text, checks integer,
    checks_missing integer, deciding_event uuid, exception text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.* FROM record.cell_status_upto(cell_status_at.at, NULL) c;
END;
REVOKE ALL ON FUNCTION assay.cell_status_at(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assay.cell_status_at(timestamptz)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION assay.cell_status_at(timestamptz) IS
    'The status of every cell at an instant (valid time), by everything known now. Columns as in '
    'assay.cell_status.';

CREATE OR REPLACE FUNCTION assay.cell_status_at(at timestamptz, known_at timestamptz)
RETURNS TABLE (
    service text, environment text, standard text, control text, status text, since timestamptz,
    until timestamptz, due_soon boolean, stale boolean, inherited_from text, checks integer,
    checks_missing integer, deciding_event uuid, exception text, finding text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- Materialized: the position is asked for once.
    WITH known AS MATERIALIZED (
        SELECT record.known_position(cell_status_at.known_at) AS upto
    )
    SELECT c.*
    FROM known k
    CROSS JOIN LATERAL record.cell_status_upto(cell_status_at.at, k.upto) c;
END;
REVOKE ALL ON FUNCTION assay.cell_status_at(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assay.cell_status_at(timestamptz, timestamptz)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION assay.cell_status_at(timestamptz, timestamptz) IS
    'The status of every cell at an instant (valid time), by what was known at another (system '
    'time): what the commit log held at the greatest position stamped at or before known_at. '
    'Columns as in assay.cell_status.';

CREATE OR REPLACE VIEW assay.cell_status AS
    SELECT c.* FROM assay.cell_status_at(now()) c;
GRANT SELECT ON assay.cell_status TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.cell_status IS
    'The status now of every cell: one control of one standard, for a service in an environment.';
COMMENT ON COLUMN assay.cell_status.service IS 'the cell: whose it is';
COMMENT ON COLUMN assay.cell_status.environment IS 'the cell: in which environment';
COMMENT ON COLUMN assay.cell_status.standard IS 'the cell: by which standard';
COMMENT ON COLUMN assay.cell_status.control IS 'the cell: which control of the standard';
COMMENT ON COLUMN assay.cell_status.status IS
    'OUT_OF_SCOPE, NOT_APPLICABLE, PASSED, EXCEPTED, NOT_TESTED, STALE, ERROR or FAILED';
COMMENT ON COLUMN assay.cell_status.since IS 'first instant of the span of equal status';
COMMENT ON COLUMN assay.cell_status.until IS
    'first instant after the span of equal status, by what is known; NULL: none to come';
COMMENT ON COLUMN assay.cell_status.due_soon IS 'PASSED, and until is within 7 days';
COMMENT ON COLUMN assay.cell_status.stale IS 'a required check has a stale stream';
COMMENT ON COLUMN assay.cell_status.inherited_from IS
    'service/environment of the provider where an inheritance was considered, else NULL';
COMMENT ON COLUMN assay.cell_status.checks IS 'how many checks are mapped to the cell';
COMMENT ON COLUMN assay.cell_status.checks_missing IS
    'how many of the required ones have no result that counts';
COMMENT ON COLUMN assay.cell_status.deciding_event IS
    'id of the greatest event that makes the deciding rule match; NULL: none does';
COMMENT ON COLUMN assay.cell_status.exception IS 'the exception by which it is EXCEPTED, else NULL';
COMMENT ON COLUMN assay.cell_status.finding IS 'the finding by which it is FAILED, else NULL';
