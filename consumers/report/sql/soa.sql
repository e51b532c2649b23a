-- Versions of the Statement of Applicability compared: from the fieldwork's to the report's, and
-- from the previous audit's to this one's; once where both start from the same version, and none
-- with itself. Material is what assay.soa_diff calls so. $1 frame.
--
-- A version is the last of its name that was in force by the instant, else the first after it: what
-- an audit names was there, even where its event is dated later.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (
        programme text, at timestamptz, upto bigint, body jsonb, previous jsonb)
), version AS MATERIALIZED (
    SELECT DISTINCT ON (x.b ->> 'version') x.b ->> 'version' AS version, x.b
    FROM frame f
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (v.at) v.at, v.removed, v.id, v.digest
        FROM record.fact_step v JOIN record.commit_log l ON l.batch = v.batch
        WHERE v.body = 'statement_of_applicability' AND v.key = f.programme
          AND (f.upto IS NULL OR l.position <= f.upto)
        ORDER BY v.at, l.position DESC
    ) s
    CROSS JOIN LATERAL (
        SELECT c.fields -> 'statement_of_applicability' AS b FROM record.fact c
        WHERE c.body = 'statement_of_applicability' AND c.key = f.programme AND c.id = s.id
          AND c.digest = s.digest
        LIMIT 1
    ) x
    WHERE NOT s.removed
    ORDER BY x.b ->> 'version', s.at <= f.at DESC, greatest(s.at, f.at), s.at DESC
), pair AS MATERIALIZED (
    SELECT min(p.place) AS place, json_agg(p.basis ORDER BY p.place) AS basis, p.before, p.after
    FROM frame f
    CROSS JOIN LATERAL (
        VALUES (1, 'FIELDWORK', f.body ->> 'fieldwork_soa_version', f.body ->> 'soa_version'),
               (2, 'PREVIOUS_AUDIT', f.previous ->> 'soa_version', f.body ->> 'soa_version')
    ) AS p (place, basis, before, after)
    WHERE p.before <> '' AND p.after <> '' AND p.before <> p.after
    GROUP BY p.before, p.after
), entry AS MATERIALIZED (
    SELECT v.version, e.value AS e, e.value ->> 'standard' AS standard,
           e.value ->> 'control' AS control,
           NOT (e.value ->> 'applicable')::boolean AND e.value ->> 'justification' <> '' AS excluded
    FROM version v CROSS JOIN LATERAL jsonb_array_elements(v.b -> 'entries') e
), difference AS MATERIALIZED (
    SELECT d.*, d.change <> 'EDITED' AS material
    FROM (
        SELECT coalesce(a.place, b.place) AS place, coalesce(a.standard, b.standard) AS standard,
               coalesce(a.control, b.control) AS control, a.e AS a, b.e AS b,
               CASE WHEN a.e IS NULL THEN 'ADDED'
                    WHEN b.e IS NULL THEN 'REMOVED'
                    WHEN (a.e -> 'applicable', a.excluded)
                         IS DISTINCT FROM (b.e -> 'applicable', b.excluded) THEN 'APPLICABILITY'
                    ELSE 'EDITED' END AS change
        FROM (SELECT p.place, e.* FROM pair p JOIN entry e ON e.version = p.before) a
        FULL JOIN (SELECT p.place, e.* FROM pair p JOIN entry e ON e.version = p.after) b
            ON a.place = b.place AND a.standard = b.standard AND a.control = b.control
        WHERE a.e IS DISTINCT FROM b.e
    ) d
), control AS (
    SELECT s.key AS standard, c.value ->> 'control' AS control, c.value ->> 'title' AS title
    FROM frame f
    CROSS JOIN LATERAL record.facts_in_force('standard', f.at, f.upto) s
    CROSS JOIN LATERAL jsonb_array_elements(s.fields -> 'standard' -> 'controls') c
)
SELECT json_build_object('comparisons', coalesce(json_agg(json_build_object(
    'basis', p.basis, 'from_version', p.before, 'from_dated', o.b ->> 'dated',
    'to_version', p.after, 'to_dated', n.b ->> 'dated',
    'missing', (
        SELECT coalesce(json_agg(m.version ORDER BY m.place), '[]')
        FROM (VALUES (1, p.before, o.version), (2, p.after, n.version)) AS m (place, version, found)
        WHERE m.found IS NULL),
    'verdict', CASE WHEN o.version IS NULL OR n.version IS NULL THEN 'UNKNOWN'
                    WHEN EXISTS (SELECT FROM difference d WHERE d.place = p.place AND d.material)
                        THEN 'MATERIAL'
                    WHEN EXISTS (SELECT FROM difference d WHERE d.place = p.place) THEN 'EDITS_ONLY'
                    ELSE 'EQUAL' END,
    'counts', (
        SELECT json_build_object(
            'added', count(*) FILTER (WHERE d.change = 'ADDED'),
            'removed', count(*) FILTER (WHERE d.change = 'REMOVED'),
            'applicability', count(*) FILTER (WHERE d.change = 'APPLICABILITY'),
            'edited', count(*) FILTER (WHERE d.change = 'EDITED'))
        FROM difference d WHERE d.place = p.place),
    'changes', CASE WHEN o.version IS NULL OR n.version IS NULL THEN '[]' ELSE (
        SELECT coalesce(json_agg(json_build_object(
                   'standard', d.standard, 'control', d.control, 'title', c.title,
                   'change', d.change, 'material', d.material,
                   'fields', (SELECT coalesce(json_agg(k.name ORDER BY k.place), '[]')
                              FROM unnest(ARRAY['applicable', 'justification', 'implementation',
                                                'risks', 'owner'])
                                  WITH ORDINALITY AS k (name, place)
                              WHERE d.a IS NOT NULL AND d.b IS NOT NULL
                                AND d.a -> k.name IS DISTINCT FROM d.b -> k.name),
                   'from_applicable', d.a -> 'applicable', 'to_applicable', d.b -> 'applicable',
                   'from_implementation', d.a ->> 'implementation',
                   'to_implementation', d.b ->> 'implementation',
                   'from_justification', d.a ->> 'justification',
                   'to_justification', d.b ->> 'justification')
               ORDER BY NOT d.material, d.standard COLLATE "C",
                        regexp_replace(regexp_replace(d.control, '(\d+)', '000000\1', 'g'),
                                       '\d*(\d{7})(?!\d)', '\1', 'g') COLLATE "C",
                        d.control COLLATE "C"), '[]')
        FROM difference d
        LEFT JOIN control c ON c.standard = d.standard AND c.control = d.control
        WHERE d.place = p.place) END)
    ORDER BY p.place), '[]'))
FROM pair p
LEFT JOIN version o ON o.version = p.before
LEFT JOIN version n ON n.version = p.after
