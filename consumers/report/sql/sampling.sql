-- What this audit sampled, and what none of the cycle's has, this one included. A sample counts for
-- a control, for a service in an environment, for a location, where it names it, as in
-- assay.audit_coverage; a location counts as looked at where an audit visited it. $1 frame.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (
        programme text, audit text, at timestamptz, upto bigint, body jsonb, cycle jsonb,
        standards text[], scope jsonb)
), control AS MATERIALIZED (
    SELECT s.standard, s.place AS standard_place,
           coalesce(t.fields -> 'standard' ->> 'title', s.standard) AS standard_title,
           c.value ->> 'control' AS control, c.value ->> 'title' AS title,
           c.value ->> 'kind' AS kind, c.value ->> 'group' AS "group", c.place
    FROM frame f
    CROSS JOIN LATERAL unnest(f.standards) WITH ORDINALITY AS s (standard, place)
    CROSS JOIN LATERAL record.fact_in_force('standard', s.standard, f.at, f.upto) t
    CROSS JOIN LATERAL jsonb_array_elements(t.fields -> 'standard' -> 'controls')
        WITH ORDINALITY AS c (value, place)
), excluded AS MATERIALIZED (
    SELECT e.value ->> 'standard' AS standard, e.value ->> 'control' AS control
    FROM frame f
    CROSS JOIN LATERAL record.fact_in_force('statement_of_applicability', f.programme, f.at,
                                            f.upto) s
    CROSS JOIN LATERAL jsonb_array_elements(
        s.fields -> 'statement_of_applicability' -> 'entries') e
    WHERE NOT (e.value ->> 'applicable')::boolean AND e.value ->> 'justification' <> ''
), service AS MATERIALIZED (
    SELECT s.*
    FROM frame f
    CROSS JOIN LATERAL jsonb_to_recordset(f.scope) AS s (
        service text, title text, category text, "position" integer, environment text,
        place integer, standard text, in_scope boolean)
    WHERE s.in_scope
), location AS MATERIALIZED (
    SELECT l.fields -> 'location' ->> 'location' AS location, l.fields -> 'location' AS b,
           (l.fields -> 'location' ->> 'in_scope')::boolean AS in_scope
    FROM frame f
    CROSS JOIN LATERAL record.facts_in_force('location', f.at, f.upto) l
    WHERE l.fields -> 'location' ->> 'programme' = f.programme
), audit AS MATERIALIZED (
    SELECT a.value AS b, a.place
    FROM frame f
    CROSS JOIN LATERAL jsonb_array_elements(f.cycle) WITH ORDINALITY AS a (value, place)
    WHERE a.value ->> 'audit' = f.audit
       OR (a.value ->> 'state' <> 'PLANNED'
           AND (a.value ->> 'ends_at')::timestamptz <= (f.body ->> 'ends_at')::timestamptz)
), sample AS MATERIALIZED (
    SELECT a.b ->> 'audit' AS audit, s.value AS s, s.place, t.standard
    FROM audit a
    CROSS JOIN LATERAL jsonb_array_elements(a.b -> 'samples') WITH ORDINALITY AS s (value, place)
    CROSS JOIN LATERAL (
        SELECT s.value ->> 'standard' AS standard WHERE s.value ->> 'standard' <> ''
        UNION ALL
        SELECT o.value FROM jsonb_array_elements_text(a.b -> 'standards') o
        WHERE s.value ->> 'standard' = ''
    ) t
), visited AS MATERIALIZED (
    SELECT s.s ->> 'location' AS location FROM sample s
    UNION
    SELECT v.value FROM audit a CROSS JOIN LATERAL jsonb_array_elements_text(a.b -> 'locations') v
), to_sample AS MATERIALIZED (
    SELECT c.*, EXISTS (SELECT FROM sample s
                        WHERE s.standard = c.standard AND s.s ->> 'control' = c.control) AS sampled
    FROM control c
    WHERE EXISTS (SELECT FROM service v WHERE v.standard = c.standard)
      AND (c.kind = 'CLAUSE'
           OR NOT EXISTS (SELECT FROM excluded e
                          WHERE e.standard = c.standard AND e.control = c.control))
), service_looked AS MATERIALIZED (
    -- Grouped, not joined: of JSON the planner knows no sizes.
    SELECT k.service, k.environment, k.standard, max(k.title) AS title,
           max(k.category) AS category, max(k."position") AS "position", max(k.place) AS place,
           bool_or(k.sampled) AS sampled
    FROM (
        SELECT v.service, v.environment, v.standard, v.title, v.category, v."position", v.place,
               false AS sampled
        FROM service v
        UNION ALL
        SELECT s.s ->> 'service', s.s ->> 'environment', s.standard, NULL, NULL, NULL, NULL, true
        FROM sample s
    ) k
    GROUP BY k.service, k.environment, k.standard
    HAVING NOT bool_and(k.sampled)
), service_place AS MATERIALIZED (
    SELECT v.service, v.title, v.category, v."position", v.environment, v.place,
           bool_or(v.sampled) AS sampled
    FROM service_looked v
    GROUP BY v.service, v.title, v.category, v."position", v.environment, v.place
), place_looked AS MATERIALIZED (
    SELECT l.*, EXISTS (SELECT FROM visited v WHERE v.location = l.location) AS sampled
    FROM location l WHERE l.in_scope
)
SELECT json_build_object(
    'samples', (
        SELECT coalesce(json_agg(json_build_object(
                   'standard', s.value ->> 'standard', 'control', s.value ->> 'control',
                   'control_title', c.title, 'service', s.value ->> 'service',
                   'service_title', (SELECT v.title FROM service v
                                     WHERE v.service = s.value ->> 'service' LIMIT 1),
                   'environment', s.value ->> 'environment', 'location', s.value ->> 'location',
                   'location_title', l.b ->> 'title', 'method', s.value ->> 'method',
                   'conclusion', s.value ->> 'conclusion') ORDER BY s.place), '[]')
        FROM jsonb_array_elements(f.body -> 'samples') WITH ORDINALITY AS s (value, place)
        LEFT JOIN control c ON c.standard = s.value ->> 'standard'
                           AND c.control = s.value ->> 'control'
        LEFT JOIN location l ON l.location = s.value ->> 'location'),
    'cycle', json_build_object(
        'audits', (SELECT coalesce(json_agg(a.b ->> 'audit' ORDER BY a.place), '[]') FROM audit a),
        'controls', (
            SELECT coalesce(json_agg(json_build_object(
                       'standard', t.standard, 'title', t.standard_title, 'total', t.total,
                       'sampled', t.sampled, 'never', t.never) ORDER BY t.standard_place), '[]')
            FROM (
                SELECT c.standard, c.standard_title, c.standard_place, count(*) AS total,
                       count(*) FILTER (WHERE c.sampled) AS sampled,
                       coalesce(json_agg(json_build_object('control', c.control, 'title', c.title,
                                                           'group', c."group") ORDER BY c.place)
                                    FILTER (WHERE NOT c.sampled), '[]') AS never
                FROM to_sample c GROUP BY c.standard, c.standard_title, c.standard_place
            ) t),
        'services', (
            SELECT json_build_object(
                'total', count(*), 'sampled', count(*) FILTER (WHERE p.sampled),
                'never', coalesce(json_agg(json_build_object(
                        'service', p.service, 'title', p.title, 'category', p.category,
                        'environment', p.environment)
                    ORDER BY p."position", p.service COLLATE "C", p.place)
                    FILTER (WHERE NOT p.sampled), '[]'))
            FROM service_place p),
        'locations', (
            SELECT json_build_object(
                'total', count(*), 'sampled', count(*) FILTER (WHERE l.sampled),
                'never', coalesce(json_agg(json_build_object(
                        'location', l.location, 'title', l.b ->> 'title',
                        'section', l.b ->> 'section', 'kind', l.b ->> 'kind',
                        'country', l.b ->> 'country')
                    ORDER BY l.b ->> 'section' COLLATE "C", l.b ->> 'title' COLLATE "C",
                             l.location COLLATE "C") FILTER (WHERE NOT l.sampled), '[]'))
            FROM place_looked l)))
FROM frame f
