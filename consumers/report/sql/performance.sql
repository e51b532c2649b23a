-- How the findings of the cycle have gone: audit by audit up to this one, and what was closed since
-- the previous one. $1 frame. `open_then` counts what was open when the audit was reported.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (
        programme text, audit text, at timestamptz, previous_at timestamptz, upto bigint,
        body jsonb, previous jsonb, cycle jsonb, standards text[])
), audit AS MATERIALIZED (
    SELECT a.value AS b, a.place,
           least(coalesce(a.value ->> 'reported_at', a.value ->> 'ends_at')::timestamptz, f.at)
               AS at
    FROM frame f
    CROSS JOIN LATERAL jsonb_array_elements(f.cycle) WITH ORDINALITY AS a (value, place)
    WHERE a.value ->> 'audit' = f.audit
       OR (a.value ->> 'state' <> 'PLANNED'
           AND (a.value ->> 'ends_at')::timestamptz <= (f.body ->> 'ends_at')::timestamptz)
), finding AS MATERIALIZED (
    SELECT x.fields -> 'finding' AS b, x.fields ->> 'occurred_at' AS changed_at,
           x.fields -> 'finding' ->> 'state' NOT IN ('VERIFIED', 'CLOSED') AS open
    FROM frame f
    CROSS JOIN LATERAL record.facts_in_force('finding', f.at, f.upto) x
    WHERE x.fields -> 'finding' ->> 'programme' = f.programme
      AND (x.fields -> 'finding' ->> 'standard' = ANY ('{""}'::text[] || f.standards)
           OR x.fields -> 'finding' ->> 'audit' = f.audit)
), before AS MATERIALIZED (
    SELECT x.fields -> 'finding' ->> 'finding' AS finding
    FROM frame f
    CROSS JOIN LATERAL record.facts_in_force('finding', f.previous_at, f.upto) x
    WHERE x.fields -> 'finding' ->> 'state' IN ('VERIFIED', 'CLOSED')
), review AS MATERIALIZED (
    SELECT a.b ->> 'audit' AS audit, a.place, json_build_object(
        'audit', a.b ->> 'audit', 'kind', a.b ->> 'kind', 'ends_at', a.b ->> 'ends_at',
        'major', count(*) FILTER (WHERE x.b ->> 'grade' = 'MAJOR_NC'),
        'minor', count(*) FILTER (WHERE x.b ->> 'grade' = 'MINOR_NC'),
        'ofi', count(*) FILTER (WHERE x.b ->> 'grade' = 'OFI'),
        'observation', count(*) FILTER (WHERE x.b ->> 'grade' = 'OBSERVATION'),
        'closed', count(*) FILTER (WHERE NOT x.open),
        'open', count(*) FILTER (WHERE x.open),
        'open_then', (
            SELECT count(*)
            FROM frame f
            CROSS JOIN LATERAL record.facts_in_force('finding', a.at, f.upto) y
            WHERE y.fields -> 'finding' ->> 'programme' = f.programme
              AND (y.fields -> 'finding' ->> 'standard' = ANY ('{""}'::text[] || f.standards)
                   OR y.fields -> 'finding' ->> 'audit' = f.audit)
              AND y.fields -> 'finding' ->> 'state' NOT IN ('VERIFIED', 'CLOSED'))) AS shown,
        count(*) FILTER (WHERE x.b ->> 'grade' IN ('MAJOR_NC', 'MINOR_NC')) AS nonconformities
    FROM audit a
    LEFT JOIN finding x ON x.b ->> 'audit' = a.b ->> 'audit'
    GROUP BY a.b, a.place, a.at
)
SELECT json_build_object(
    'audits', (SELECT coalesce(json_agg(r.shown ORDER BY r.place), '[]') FROM review r),
    'nonconformities', now.nonconformities, 'nonconformities_before', before.nonconformities,
    'trend', CASE WHEN now.nonconformities < before.nonconformities THEN 'FEWER'
                  WHEN now.nonconformities > before.nonconformities THEN 'MORE'
                  WHEN now.nonconformities = before.nonconformities THEN 'AS_MANY' END,
    'closed_since_previous', (
        SELECT coalesce(json_agg(json_build_object(
                   'finding', x.b ->> 'finding', 'grade', x.b ->> 'grade',
                   'state', x.b ->> 'state', 'title', x.b ->> 'title', 'audit', x.b ->> 'audit',
                   'root_cause', x.b ->> 'root_cause', 'correction', x.b ->> 'correction',
                   'corrective_action', x.b ->> 'corrective_action',
                   'verified_by', x.b ->> 'verified_by', 'verified_in', x.b ->> 'verified_in',
                   'changed_at', x.changed_at)
               ORDER BY array_position(ARRAY['MAJOR_NC', 'MINOR_NC', 'OFI', 'OBSERVATION'],
                                       x.b ->> 'grade'), x.b ->> 'finding' COLLATE "C"), '[]')
        FROM finding x
        WHERE NOT x.open
          AND NOT EXISTS (SELECT FROM before o WHERE o.finding = x.b ->> 'finding')))
FROM frame f
LEFT JOIN review now ON now.audit = f.audit
LEFT JOIN review before ON before.audit = f.previous ->> 'audit'
