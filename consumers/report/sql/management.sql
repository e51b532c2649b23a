-- What the management system has on record: the last risk assessment, treatment, internal audit and
-- management review, objectives and indicators, and what is overdue at the instant. $1 frame.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (
        programme text, at timestamptz, previous_at timestamptz, upto bigint, internal jsonb,
        standards text[])
), record AS MATERIALIZED (
    SELECT r.fields -> 'management_record' AS b, r.fields ->> 'occurred_at' AS at,
           (r.fields -> 'management_record' ->> 'next_due_at')::timestamptz <= f.at AS overdue
    FROM frame f
    CROSS JOIN LATERAL record.facts_in_force('management_record', f.at, f.upto) r
    WHERE r.fields -> 'management_record' ->> 'programme' = f.programme
      AND (r.fields -> 'management_record' -> 'standards' = '[]'
           OR r.fields -> 'management_record' -> 'standards' ?| f.standards)
), before AS MATERIALIZED (
    SELECT r.key, r.fields -> 'management_record' AS b
    FROM frame f
    CROSS JOIN LATERAL record.facts_in_force('management_record', f.previous_at, f.upto) r
), shown AS MATERIALIZED (
    SELECT r.b ->> 'kind' AS kind, r.b ->> 'record' AS record, r.at::timestamptz AS at,
           coalesce(r.overdue, false) AS overdue,
           (r.b ->> 'next_due_at')::timestamptz AS next_due_at, json_build_object(
        'record', r.b ->> 'record', 'kind', r.b ->> 'kind', 'title', r.b ->> 'title',
        'at', r.at, 'performed_by', r.b ->> 'performed_by', 'outcome', r.b ->> 'outcome',
        'next_due_at', r.b ->> 'next_due_at', 'overdue', coalesce(r.overdue, false),
        'value', r.b -> 'value', 'target', r.b -> 'target', 'unit', r.b ->> 'unit',
        'value_before', o.b -> 'value') AS shown
    FROM record r
    LEFT JOIN before o ON o.key = r.b ->> 'record'
), internal AS MATERIALIZED (
    SELECT a.value AS b, (a.value ->> 'ends_at')::timestamptz AS ends_at,
           a.value ->> 'state' = 'PLANNED' AS planned, f.at
    FROM frame f CROSS JOIN LATERAL jsonb_array_elements(f.internal) a
), shown_audit AS MATERIALIZED (
    SELECT i.ends_at, i.planned, i.b ->> 'audit' AS audit,
           i.planned AND i.ends_at < i.at AS overdue, i.at, json_build_object(
        'audit', i.b ->> 'audit', 'state', i.b ->> 'state', 'starts_at', i.b ->> 'starts_at',
        'ends_at', i.b ->> 'ends_at', 'reported_at', i.b ->> 'reported_at',
        'auditor', i.b ->> 'auditor', 'standards', i.b -> 'standards',
        'recommendation', i.b ->> 'recommendation', 'overdue', i.planned AND i.ends_at < i.at
        ) AS shown
    FROM internal i
)
SELECT json_build_object(
    'latest', (
        SELECT json_agg(json_build_object('kind', k.kind, 'record', l.shown) ORDER BY k.place)
        FROM unnest(ARRAY['RISK_ASSESSMENT', 'RISK_TREATMENT', 'MANAGEMENT_REVIEW'])
            WITH ORDINALITY AS k (kind, place)
        LEFT JOIN LATERAL (
            SELECT s.shown FROM shown s WHERE s.kind = k.kind
            ORDER BY s.at DESC, s.record COLLATE "C" DESC LIMIT 1) l ON true),
    'internal_audit', json_build_object(
        'latest', (SELECT a.shown FROM shown_audit a WHERE NOT a.planned
                   ORDER BY a.ends_at DESC, a.audit COLLATE "C" DESC LIMIT 1),
        'next', (SELECT a.shown FROM shown_audit a WHERE a.planned AND a.ends_at >= a.at
                 ORDER BY a.ends_at, a.audit COLLATE "C" LIMIT 1)),
    'objectives', (SELECT coalesce(json_agg(s.shown ORDER BY s.record COLLATE "C"), '[]')
                   FROM shown s WHERE s.kind = 'OBJECTIVE'),
    'indicators', (SELECT coalesce(json_agg(s.shown ORDER BY s.record COLLATE "C"), '[]')
                   FROM shown s WHERE s.kind = 'KPI'),
    'overdue', json_build_object(
        'records', (SELECT coalesce(json_agg(s.shown ORDER BY s.next_due_at, s.record COLLATE "C"),
                                    '[]')
                    FROM shown s WHERE s.overdue),
        'internal_audits', (SELECT coalesce(json_agg(a.shown
                                                     ORDER BY a.ends_at, a.audit COLLATE "C"), '[]')
                            FROM shown_audit a WHERE a.overdue)))
