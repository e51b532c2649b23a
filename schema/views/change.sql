-- Every change of a cell's status up to now, as the timelines are now known.
--
-- All rows of a timeline are read but keyframes behind the first row, which only say again what
-- rows before them have said; the latest counts where several speak of one (cell, instant);
-- between two transitions the status is the same, so the one before is the transition before.
CREATE OR REPLACE VIEW assay.change AS
    SELECT l.position, l.known_at, x.at, p.service, p.environment, x.standard, x.control,
           record.cell_status_name(x.before) AS from_status,
           record.cell_status_name(x.status) AS to_status, x.cause
    FROM record.environment p
    CROSS JOIN LATERAL (
        SELECT c.standard, c.control, s.*
        FROM (
            SELECT u.cell, u.at, u.status, u.known, u.cause,
                   lag(u.status) OVER (PARTITION BY u.cell ORDER BY u.at) AS before
            FROM (
                SELECT DISTINCT ON (e.cell, e.at)
                       e.cell, e.at, e.status, e.flags, coalesce(e.known, t.batch) AS known,
                       e.cause
                FROM record.timeline t
                CROSS JOIN LATERAL unnest(t.cell, t.at, t.status, t.flags, t.known, t.cause)
                    AS e (cell, at, status, flags, known, cause)
                WHERE t.service = p.service AND t.environment = p.environment AND e.at <= now()
                  AND (NOT t.keyframe
                       OR t.seq = (SELECT min(f.seq) FROM record.timeline f
                                   WHERE f.service = p.service
                                     AND f.environment = p.environment))
                ORDER BY e.cell, e.at, t.seq DESC
            ) u
            WHERE u.status >= 0 AND u.flags & 1 <> 0
        ) s
        JOIN record.cell c ON c.service = p.service AND c.environment = p.environment
                          AND c.cell = s.cell
        OFFSET 0 -- once a (service, environment), as in cell_status.sql
    ) x
    LEFT JOIN record.commit_log l ON l.batch = x.known;
GRANT SELECT ON assay.change TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.change IS
    'Every change of status up to now, as the timelines are now known.';
COMMENT ON COLUMN assay.change.position IS
    'the commit that made it known: that of its cause, or since which time alone is its cause';
COMMENT ON COLUMN assay.change.known_at IS 'stamp of that commit';
COMMENT ON COLUMN assay.change.at IS 'when the status changed (valid time)';
COMMENT ON COLUMN assay.change.service IS 'the cell: whose it is';
COMMENT ON COLUMN assay.change.environment IS 'the cell: in which environment';
COMMENT ON COLUMN assay.change.standard IS 'the cell: by which standard';
COMMENT ON COLUMN assay.change.control IS 'the cell: which control of the standard';
COMMENT ON COLUMN assay.change.from_status IS 'status before; NULL: there was no such cell';
COMMENT ON COLUMN assay.change.to_status IS
    'status from at on; NULL: there is no such cell any more';
COMMENT ON COLUMN assay.change.cause IS
    'id of the greatest event that took effect at that instant; NULL: time alone';
