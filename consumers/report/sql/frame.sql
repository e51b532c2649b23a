-- What every section starts from: which audit, at which instant, over which cycle. $1 programme,
-- $2 audit, $3 instant or NULL (the audit's reported_at, else its ends_at), $4 known_at or NULL.
-- One row, one object; NULL where the programme has no such audit then.
--
-- Without an instant the audit is taken in its last version, since the report is about that one;
-- all else is as it was at the instant.
--
-- The cycle is that of assay.audit_coverage: it begins with the decision that renewed, or with the
-- first audit where none has. The audit of a renewal belongs to the cycle it closes.
WITH known AS MATERIALIZED (
    SELECT CASE WHEN $4::text IS NOT NULL THEN record.known_position($4::text::timestamptz) END
               AS upto
), asked AS MATERIALIZED (
    SELECT k.upto, a.fields -> 'audit' AS body,
           coalesce($3::text, a.fields -> 'audit' ->> 'reported_at',
                    a.fields -> 'audit' ->> 'ends_at') AS at,
           (a.fields -> 'audit' ->> 'starts_at')::timestamptz AS starts_at,
           (a.fields -> 'audit' ->> 'ends_at')::timestamptz AS ends_at
    FROM known k
    CROSS JOIN LATERAL record.fact_in_force('audit', $2::text,
                                            coalesce($3::text::timestamptz, 'infinity'), k.upto) a
    WHERE a.fields -> 'audit' ->> 'programme' = $1::text
), programme AS MATERIALIZED (
    SELECT p.fields -> 'programme' AS body
    FROM asked a
    CROSS JOIN LATERAL record.fact_in_force('programme', $1::text, a.at::timestamptz, a.upto) p
), standard AS MATERIALIZED (
    SELECT s.standard, s.place
    FROM asked a
    LEFT JOIN programme p ON true
    CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE WHEN a.body -> 'standards' <> '[]' THEN a.body -> 'standards'
             ELSE coalesce(p.body -> 'standards', '[]') END) WITH ORDINALITY AS s (standard, place)
), audit AS MATERIALIZED (
    -- The others as they were at the instant; what has no standard in common is not about this.
    SELECT o.body, o.related,
           (o.body ->> 'starts_at')::timestamptz AS starts_at,
           (o.body ->> 'ends_at')::timestamptz AS ends_at,
           coalesce(o.body ->> 'reported_at', o.body ->> 'ends_at') AS at
    FROM (
        SELECT f.fields -> 'audit' AS body,
               f.fields -> 'audit' ->> 'kind' <> 'INTERNAL'
               AND (f.fields -> 'audit' -> 'standards' = '[]'
                    OR f.fields -> 'audit' -> 'standards'
                       ?| ARRAY(SELECT s.standard FROM standard s)) AS related
        FROM asked a
        CROSS JOIN LATERAL record.facts_in_force('audit', a.at::timestamptz, a.upto) f
        WHERE f.key <> $2::text AND f.fields -> 'audit' ->> 'programme' = $1::text
        UNION ALL
        SELECT a.body, true FROM asked a
    ) o
), previous AS MATERIALIZED (
    SELECT o.body, o.at
    FROM asked a
    JOIN audit o ON o.related AND o.body ->> 'state' <> 'PLANNED'
                AND o.body ->> 'audit' <> $2::text
                AND (o.ends_at, o.body ->> 'audit' COLLATE "C") < (a.ends_at, $2::text COLLATE "C")
                AND o.at::timestamptz <= a.at::timestamptz
    ORDER BY o.ends_at DESC, o.body ->> 'audit' COLLATE "C" DESC
    LIMIT 1
), decision AS (
    SELECT d.standard, d.decision, d.occurred_at, d.force,
           lag(d.decision) OVER w AS decision_before, lag(d.force) OVER w AS force_before,
           lag(d.valid_until) OVER w AS valid_until_before
    FROM (
        SELECT c.body ->> 'standard' AS standard, c.body ->> 'decision' AS decision,
               s.at AS occurred_at,
               CASE WHEN c.body ->> 'decision' IN ('SUSPENDED', 'WITHDRAWN') THEN s.at
                    ELSE greatest(s.at, (c.body ->> 'valid_from')::timestamptz) END AS force,
               (c.body ->> 'valid_until')::timestamptz AS valid_until
        FROM asked a
        CROSS JOIN LATERAL (
            SELECT DISTINCT ON (v.key, v.at) v.key, v.at, v.removed, v.id, v.digest
            FROM record.fact_step v JOIN record.commit_log l ON l.batch = v.batch
            WHERE v.body = 'certificate' AND v.at <= a.at::timestamptz
              AND (a.upto IS NULL OR l.position <= a.upto)
            ORDER BY v.key, v.at, l.position DESC
        ) s
        CROSS JOIN LATERAL (
            SELECT f.fields -> 'certificate' AS body FROM record.fact f
            WHERE f.body = 'certificate' AND f.key = s.key AND f.id = s.id AND f.digest = s.digest
            LIMIT 1
        ) c
        WHERE NOT s.removed AND c.body ->> 'programme' = $1::text
    ) d
    JOIN standard t ON t.standard = d.standard
    WINDOW w AS (PARTITION BY d.standard ORDER BY d.occurred_at)
), cycle AS (
    SELECT coalesce(max(b.begins), '-infinity') AS begins,
           (SELECT min(d.force) FROM decision d, asked a
            WHERE d.decision = 'RENEWED' AND d.force > a.ends_at) AS ends
    FROM (
        SELECT DISTINCT ON (d.standard)
               CASE WHEN d.decision = 'RENEWED' THEN d.force
                    WHEN d.decision_before IS NULL THEN '-infinity'
                    WHEN d.decision_before = 'WITHDRAWN' THEN d.force_before
                    ELSE least(d.valid_until_before, d.force) END AS begins
        FROM decision d, asked a
        WHERE d.decision IN ('GRANTED', 'RENEWED') AND d.force <= a.ends_at
        ORDER BY d.standard, d.occurred_at DESC
    ) b
)
SELECT json_build_object(
    'programme', $1::text, 'audit', $2::text, 'at', a.at, 'upto', a.upto, 'known_at', $4::text,
    'body', a.body, 'programme_body', p.body,
    'standards', (SELECT coalesce(json_agg(s.standard ORDER BY s.place), '[]') FROM standard s),
    'previous', (SELECT o.body FROM previous o), 'previous_at', (SELECT o.at FROM previous o),
    'cycle_from', c.begins,
    'cycle', (
        SELECT coalesce(json_agg(o.body ORDER BY o.starts_at, o.body ->> 'audit' COLLATE "C"), '[]')
        FROM audit o
        WHERE o.related AND o.ends_at >= c.begins AND (c.ends IS NULL OR o.ends_at < c.ends)),
    'internal', (
        SELECT coalesce(json_agg(o.body ORDER BY o.starts_at, o.body ->> 'audit' COLLATE "C"), '[]')
        FROM audit o WHERE o.body ->> 'kind' = 'INTERNAL'))
FROM asked a
CROSS JOIN cycle c
LEFT JOIN programme p ON true
