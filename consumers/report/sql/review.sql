-- The auditors' review in the standard's order, and the clauses it says nothing of. A review of a
-- group stands before its first control. $1 frame.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (at timestamptz, upto bigint, body jsonb, standards text[])
), standard AS MATERIALIZED (
    SELECT s.standard, s.place, t.fields -> 'standard' AS b
    FROM frame f
    CROSS JOIN LATERAL unnest(f.standards) WITH ORDINALITY AS s (standard, place)
    LEFT JOIN LATERAL record.fact_in_force('standard', s.standard, f.at, f.upto) t ON true
), control AS MATERIALIZED (
    SELECT s.standard, c.value ->> 'control' AS control, c.value ->> 'title' AS title,
           c.value ->> 'kind' AS kind, c.value ->> 'group' AS "group", c.place
    FROM standard s
    CROSS JOIN LATERAL jsonb_array_elements(s.b -> 'controls') WITH ORDINALITY AS c (value, place)
), review AS MATERIALIZED (
    SELECT r.value ->> 'standard' AS standard, r.value ->> 'control' AS control,
           r.value ->> 'group' AS "group", r.value ->> 'text' AS text, r.place,
           c.title, c.kind, c.place AS control_place,
           (SELECT min(g.place) FROM control g
            WHERE g.standard = r.value ->> 'standard' AND g."group" = r.value ->> 'group')
               AS group_place
    FROM frame f
    CROSS JOIN LATERAL jsonb_array_elements(f.body -> 'reviews') WITH ORDINALITY AS r (value, place)
    LEFT JOIN control c ON c.standard = r.value ->> 'standard' AND c.control = r.value ->> 'control'
), part AS (
    SELECT s.standard, s.place, s.b ->> 'title' AS title FROM standard s
    UNION ALL
    SELECT DISTINCT ON (r.standard) r.standard, 1000000 + r.place, NULL
    FROM review r WHERE NOT EXISTS (SELECT FROM standard s WHERE s.standard = r.standard)
)
SELECT json_build_object('standards', coalesce(json_agg(json_build_object(
    'standard', p.standard, 'title', coalesce(p.title, p.standard),
    'clauses', (SELECT count(*) FROM control c WHERE c.standard = p.standard AND c.kind = 'CLAUSE'),
    'reviews', (
        SELECT coalesce(json_agg(json_build_object(
                   'control', r.control, 'title', r.title, 'kind', r.kind, 'group', r."group",
                   'text', r.text)
               ORDER BY coalesce(r.control_place, r.group_place), r.control_place NULLS FIRST,
                        r.place), '[]')
        FROM review r WHERE r.standard = p.standard),
    'not_reviewed', (
        SELECT coalesce(json_agg(json_build_object('control', c.control, 'title', c.title)
                                 ORDER BY c.place), '[]')
        FROM control c
        WHERE c.standard = p.standard AND c.kind = 'CLAUSE'
          AND NOT EXISTS (
              SELECT FROM review r
              WHERE r.standard = c.standard
                AND (r.control = c.control OR (r.control = '' AND r."group" = c."group")))))
    ORDER BY p.place), '[]'))
FROM part p
