-- Which of what is in scope the certification body's audits have looked at, and what not.
--
-- What could be looked at. Which names are there says what a row is about; the others are NULL:
--   standard, control                          every control that has a cell in scope
--   standard, service, environment             every service that has one, where
--   standard, control, service, environment    every such cell
--   standard, location                         every location in scope of the programme
-- for each standard the programme lists. A cell is in scope where its membership is IN_SCOPE and
-- its status neither OUT_OF_SCOPE nor NOT_APPLICABLE: retired services, discontinued environments
-- and excluded controls are not there to be sampled. Four grains, because a sample need not name
-- all: a talk about a control says nothing of any service, a walk through a service nothing of any
-- control, and neither may pass for a look at the cell.
--
-- What was looked at. A sample counts for each row whose names it carries all of. One that names no
-- standard is of every standard of its audit. A location is also looked at by an audit that visited
-- it. Audits count from their ends_at on unless PLANNED, as for the surveillance deadline; INTERNAL
-- ones do not, as they are not the certification body's.
--
-- The cycle. By ISO/IEC 17021-1 (9.1.3) a cycle of certification begins with the decision that
-- grants or renews, the initial audit is part of the first one's audit programme, and the audit
-- that leads to a renewal belongs to the cycle it closes. So: from the taking force of the last
-- RENEWED decision on; after a GRANTED one from the end of what was certified before it (withdrawn,
-- or run out), and where nothing was, or nothing has been decided yet, from the beginning. It
-- follows from decisions alone, not from a count of years: a cycle that is overdue has not ended.
--
-- Measured as in cell_status.sql, with 1,000 locations and 2,000 samples: 1.25 times as long as all
-- cells take.
CREATE OR REPLACE VIEW assay.audit_coverage AS
    WITH programme AS MATERIALIZED (
        SELECT f.key AS programme, f.fields -> 'programme' AS body, f.id,
               (f.fields ->> 'occurred_at')::timestamptz AS occurred_at,
               (f.fields ->> 'sequence')::numeric AS sequence
        FROM record.facts_in_force('programme', now(), NULL) f
    ), environment AS (
        -- Of several programmes that list it the greatest in the facts' order.
        SELECT DISTINCT ON (e.value ->> 'environment')
               e.value ->> 'environment' AS environment, p.programme
        FROM programme p CROSS JOIN LATERAL jsonb_array_elements(p.body -> 'environments') e
        ORDER BY e.value ->> 'environment', p.occurred_at DESC, p.sequence DESC, p.id DESC
    ), listed AS MATERIALIZED (
        SELECT DISTINCT p.programme, s.value AS standard
        FROM programme p CROSS JOIN LATERAL jsonb_array_elements_text(p.body -> 'standards') s
    ), decision AS (
        SELECT d.programme, d.standard, d.decision, d.occurred_at, d.force,
               lag(d.decision) OVER w AS decision_before,
               lag(d.force) OVER w AS force_before,
               lag(d.valid_until) OVER w AS valid_until_before
        FROM (
            SELECT c.body ->> 'programme' AS programme, c.body ->> 'standard' AS standard,
                   c.body ->> 'decision' AS decision, s.at AS occurred_at,
                   CASE WHEN c.body ->> 'decision' IN ('SUSPENDED', 'WITHDRAWN') THEN s.at
                        ELSE greatest(s.at, (c.body ->> 'valid_from')::timestamptz) END AS force,
                   (c.body ->> 'valid_until')::timestamptz AS valid_until
            FROM (
                SELECT DISTINCT ON (v.key, v.at) v.key, v.at, v.removed, v.id, v.digest
                FROM record.fact_step v JOIN record.commit_log l ON l.batch = v.batch
                WHERE v.body = 'certificate'
                ORDER BY v.key, v.at, l.position DESC
            ) s
            CROSS JOIN LATERAL (
                SELECT f.fields -> 'certificate' AS body FROM record.fact f
                WHERE f.body = 'certificate' AND f.key = s.key AND f.id = s.id
                  AND f.digest = s.digest
                LIMIT 1
            ) c
            WHERE NOT s.removed
        ) d
        WINDOW w AS (PARTITION BY d.programme, d.standard ORDER BY d.occurred_at)
    ), cycle AS (
        SELECT DISTINCT ON (d.programme, d.standard) d.programme, d.standard,
               CASE WHEN d.decision = 'RENEWED' THEN d.force
                    WHEN d.decision_before IS NULL THEN '-infinity'
                    WHEN d.decision_before = 'WITHDRAWN' THEN d.force_before
                    ELSE least(d.valid_until_before, d.force) END AS begins
        FROM decision d
        WHERE d.decision IN ('GRANTED', 'RENEWED') AND d.force <= now()
        ORDER BY d.programme, d.standard, d.occurred_at DESC
    ), audit AS MATERIALIZED (
        SELECT f.key AS audit, f.fields -> 'audit' AS body,
               (f.fields -> 'audit' ->> 'ends_at')::timestamptz AS ends_at
        FROM record.facts_in_force('audit', now(), NULL) f
        WHERE f.fields -> 'audit' ->> 'kind' <> 'INTERNAL'
          AND f.fields -> 'audit' ->> 'state' <> 'PLANNED'
          AND (f.fields -> 'audit' ->> 'ends_at')::timestamptz <= now()
    ), look AS (
        SELECT a.audit, a.ends_at, a.body ->> 'programme' AS programme, t.standard,
               s.value ->> 'control' AS control, s.value ->> 'service' AS service,
               s.value ->> 'environment' AS environment, s.value ->> 'location' AS location
        FROM audit a
        CROSS JOIN LATERAL jsonb_array_elements(a.body -> 'samples') s
        CROSS JOIN LATERAL (
            SELECT s.value ->> 'standard' AS standard WHERE s.value ->> 'standard' <> ''
            UNION ALL
            SELECT o.value FROM jsonb_array_elements_text(a.body -> 'standards') o
            WHERE s.value ->> 'standard' = ''
        ) t
        UNION ALL
        SELECT a.audit, a.ends_at, a.body ->> 'programme', t.value, '', '', '', v.value
        FROM audit a
        CROSS JOIN LATERAL jsonb_array_elements_text(a.body -> 'standards') t
        CROSS JOIN LATERAL jsonb_array_elements_text(a.body -> 'locations') v
    ), seen AS MATERIALIZED (
        -- From here on '' stands for a name that is not there, so that all join by equality.
        SELECT DISTINCT ON (k.programme, k.standard, g.control, g.service, g.environment,
                            g.location)
               k.programme, k.standard, g.control, g.service, g.environment, g.location, k.audit,
               k.ends_at
        FROM look k
        CROSS JOIN LATERAL (
            VALUES (k.control, '', '', ''), ('', k.service, k.environment, ''),
                   (k.control, k.service, k.environment, ''), ('', '', '', k.location)
        ) AS g (control, service, environment, location)
        ORDER BY k.programme, k.standard, g.control, g.service, g.environment, g.location,
                 k.ends_at DESC, k.audit DESC
    ), cell AS (
        SELECT e.programme, c.standard, c.control, c.service, c.environment
        FROM assay.cell_status c
        JOIN environment e ON e.environment = c.environment
        JOIN listed l ON l.programme = e.programme AND l.standard = c.standard
        JOIN assay.scope s ON s.service = c.service AND s.environment = c.environment
                          AND s.standard = c.standard
        WHERE c.status NOT IN ('OUT_OF_SCOPE', 'NOT_APPLICABLE') AND s.membership = 'IN_SCOPE'
    ), place AS (
        SELECT c.programme, c.standard, coalesce(c.control, '') AS control,
               coalesce(c.service, '') AS service, coalesce(c.environment, '') AS environment,
               '' AS location
        FROM cell c
        GROUP BY GROUPING SETS ((c.programme, c.standard, c.control),
                                (c.programme, c.standard, c.service, c.environment),
                                (c.programme, c.standard, c.control, c.service, c.environment))
        UNION ALL
        SELECT l.programme, l.standard, '', '', '', f.location
        FROM listed l
        JOIN (
            SELECT f.fields -> 'location' ->> 'programme' AS programme,
                   f.fields -> 'location' ->> 'location' AS location
            FROM record.facts_in_force('location', now(), NULL) f
            WHERE (f.fields -> 'location' ->> 'in_scope')::boolean
        ) f ON f.programme = l.programme
    )
    SELECT p.programme, p.standard, nullif(p.control, '') AS control,
           nullif(p.service, '') AS service, nullif(p.environment, '') AS environment,
           nullif(p.location, '') AS location, s.audit AS last_audit,
           CASE WHEN s.ends_at >= coalesce(y.begins, '-infinity') THEN s.ends_at END AS sampled_at
    FROM place p
    LEFT JOIN cycle y ON y.programme = p.programme AND y.standard = p.standard
    LEFT JOIN seen s ON s.programme = p.programme AND s.standard = p.standard
                    AND s.control = p.control AND s.service = p.service
                    AND s.environment = p.environment AND s.location = p.location;
GRANT SELECT ON assay.audit_coverage TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.audit_coverage IS
    'What the certification body''s audits have looked at of what is in scope now, and what not: a '
    'row each control, each service and environment, each of their cells, and each location.';
COMMENT ON COLUMN assay.audit_coverage.programme IS 'the programme';
COMMENT ON COLUMN assay.audit_coverage.standard IS 'the standard';
COMMENT ON COLUMN assay.audit_coverage.control IS
    'the control; NULL: the row is about no single one';
COMMENT ON COLUMN assay.audit_coverage.service IS 'the service; NULL: about no single one';
COMMENT ON COLUMN assay.audit_coverage.environment IS 'its environment, with service';
COMMENT ON COLUMN assay.audit_coverage.location IS 'the location; NULL: about no single one';
COMMENT ON COLUMN assay.audit_coverage.last_audit IS
    'the last audit that looked at it, in whatever cycle; NULL: none did';
COMMENT ON COLUMN assay.audit_coverage.sampled_at IS
    'the last day of that audit''s fieldwork; NULL: not in this cycle of certification';
