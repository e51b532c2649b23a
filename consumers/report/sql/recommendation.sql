-- What the audit team recommends, and the findings: those of this audit, and those of earlier ones
-- that are still open at the instant. $1 frame.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (
        programme text, audit text, at timestamptz, upto bigint, body jsonb, standards text[])
), finding AS MATERIALIZED (
    SELECT x.fields -> 'finding' AS b, x.fields ->> 'occurred_at' AS changed_at,
           array_position(ARRAY['MAJOR_NC', 'MINOR_NC', 'OFI', 'OBSERVATION'],
                          x.fields -> 'finding' ->> 'grade') AS grade,
           x.fields -> 'finding' ->> 'audit' = f.audit AS raised,
           x.fields -> 'finding' ->> 'state' NOT IN ('VERIFIED', 'CLOSED') AS open,
           (x.fields -> 'finding' ->> 'due_at')::timestamptz AS due_at, f.at, f.upto
    FROM frame f
    CROSS JOIN LATERAL record.facts_in_force('finding', f.at, f.upto) x
    WHERE x.fields -> 'finding' ->> 'programme' = f.programme
      AND (x.fields -> 'finding' ->> 'audit' = f.audit
           OR x.fields -> 'finding' ->> 'standard' = ANY ('{""}'::text[] || f.standards))
), control AS (
    SELECT s.key AS standard, c.value ->> 'control' AS control, c.value ->> 'title' AS title
    FROM frame f
    CROSS JOIN LATERAL record.facts_in_force('standard', f.at, f.upto) s
    CROSS JOIN LATERAL jsonb_array_elements(s.fields -> 'standard' -> 'controls') c
), listed AS (
    SELECT x.raised, x.open, x.grade, x.due_at, x.b ->> 'finding' AS finding, json_build_object(
        'finding', x.b ->> 'finding', 'grade', x.b ->> 'grade', 'state', x.b ->> 'state',
        'title', x.b ->> 'title', 'audit', x.b ->> 'audit', 'standard', x.b ->> 'standard',
        'control', x.b ->> 'control', 'control_title', c.title, 'service', x.b ->> 'service',
        'service_title', s.fields -> 'service_onboarding' ->> 'title',
        'environment', x.b ->> 'environment', 'location', x.b ->> 'location',
        'location_title', p.fields -> 'location' ->> 'title',
        'due_at', x.b ->> 'due_at', 'overdue', coalesce(x.open AND x.due_at <= x.at, false),
        'changed_at', x.changed_at, 'root_cause', x.b ->> 'root_cause',
        'correction', x.b ->> 'correction', 'corrective_action', x.b ->> 'corrective_action',
        'verified_by', x.b ->> 'verified_by', 'verified_in', x.b ->> 'verified_in') AS shown
    FROM finding x
    LEFT JOIN control c ON c.standard = x.b ->> 'standard' AND c.control = x.b ->> 'control'
    LEFT JOIN LATERAL record.fact_in_force('service_onboarding', x.b ->> 'service', x.at, x.upto) s
        ON true
    LEFT JOIN LATERAL record.fact_in_force(
        'location', (x.b ->> 'programme') || '|' || (x.b ->> 'location'), x.at, x.upto) p ON true
)
SELECT json_build_object(
    'text', f.body ->> 'recommendation',
    'deviations', f.body ->> 'deviations', 'unresolved', f.body ->> 'unresolved',
    'complaints', f.body ->> 'complaints', 'marks', f.body ->> 'marks',
    'summary', (
        SELECT json_agg(json_build_object(
                   'grade', g.grade,
                   'raised', (SELECT count(*) FROM finding x WHERE x.raised AND x.grade = g.place),
                   'closed', (SELECT count(*) FROM finding x
                              WHERE x.raised AND NOT x.open AND x.grade = g.place),
                   'open', (SELECT count(*) FROM finding x
                            WHERE x.raised AND x.open AND x.grade = g.place),
                   'overdue', (SELECT count(*) FROM finding x
                               WHERE x.raised AND x.open AND x.due_at <= x.at
                                 AND x.grade = g.place),
                   'open_earlier', (SELECT count(*) FROM finding x
                                    WHERE NOT x.raised AND x.open AND x.grade = g.place))
               ORDER BY g.place)
        FROM unnest(ARRAY['MAJOR_NC', 'MINOR_NC', 'OFI', 'OBSERVATION'])
            WITH ORDINALITY AS g (grade, place)),
    'findings', (
        SELECT coalesce(json_agg(l.shown ORDER BY l.grade, l.due_at, l.finding COLLATE "C"), '[]')
        FROM listed l WHERE l.raised),
    'open_earlier', (
        SELECT coalesce(json_agg(l.shown ORDER BY l.grade, l.due_at, l.finding COLLATE "C"), '[]')
        FROM listed l WHERE NOT l.raised AND l.open))
FROM frame f
