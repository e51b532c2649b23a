-- What is in scope of the audit's standards, and the programme's environments, at the report's
-- instant and at the previous audit's. $1 frame. One object, to be merged into the frame:
-- environments, environments_before, scope, scope_before.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (
        programme text, at timestamptz, previous_at timestamptz, upto bigint, standards text[])
), moment AS MATERIALIZED (
    SELECT 'now' AS name, f.at, f.upto FROM frame f
    UNION ALL
    SELECT 'before', f.previous_at, f.upto FROM frame f WHERE f.previous_at IS NOT NULL
), environment AS MATERIALIZED (
    -- An environment belongs to the programme whose version in force lists it; of several, to the
    -- greatest in the facts' order.
    SELECT o.name, o.environment, o.title, o.state, o.place
    FROM (
        SELECT DISTINCT ON (m.name, e.value ->> 'environment')
               m.name, e.value ->> 'environment' AS environment, e.value ->> 'title' AS title,
               e.value ->> 'state' AS state, e.place, p.key
        FROM moment m
        CROSS JOIN LATERAL record.facts_in_force('programme', m.at, m.upto) p
        CROSS JOIN LATERAL jsonb_array_elements(p.fields -> 'programme' -> 'environments')
            WITH ORDINALITY AS e (value, place)
        ORDER BY m.name, e.value ->> 'environment', (p.fields ->> 'occurred_at')::timestamptz DESC,
                 (p.fields ->> 'sequence')::numeric DESC, p.id DESC
    ) o, frame f
    WHERE o.key = f.programme
), change AS MATERIALIZED (
    SELECT m.name, s.fields -> 'scope_change' AS body
    FROM moment m
    CROSS JOIN LATERAL record.facts_in_force('scope_change', m.at, m.upto) s
), onboarding AS MATERIALIZED (
    SELECT m.name, o.key, o.fields -> 'service_onboarding' AS body
    FROM moment m
    CROSS JOIN LATERAL record.facts_in_force('service_onboarding', m.at, m.upto) o
), scope AS MATERIALIZED (
    SELECT c.name, c.body ->> 'service' AS service,
           coalesce(o.body ->> 'title', c.body ->> 'service') AS title,
           coalesce(o.body ->> 'category', '') AS category,
           coalesce((o.body ->> 'position')::integer, 2147483647) AS position,
           coalesce(o.body -> 'former_titles', '[]') AS former_titles,
           o.body ->> 'lifecycle' AS lifecycle, e.environment, e.place, e.state,
           c.body ->> 'standard' AS standard,
           array_position(f.standards, c.body ->> 'standard') AS standard_place,
           c.body ->> 'membership' AS membership, c.body ->> 'reason' AS reason,
           c.body ->> 'boundary' AS boundary,
           c.body ->> 'membership' = 'IN_SCOPE' AND e.state <> 'DISCONTINUED'
               AND coalesce(o.body ->> 'lifecycle', '') <> 'RETIRED' AS in_scope
    FROM frame f, change c
    JOIN environment e ON e.name = c.name AND e.environment = c.body ->> 'environment'
    LEFT JOIN onboarding o ON o.name = c.name AND o.key = c.body ->> 'service'
    WHERE c.body ->> 'standard' = ANY (f.standards)
)
SELECT json_object_agg(a.key, a.value)
FROM (
    SELECT CASE m.name WHEN 'now' THEN 'environments' ELSE 'environments_before' END AS key,
           coalesce((SELECT json_agg(json_build_object('environment', e.environment, 'title',
                                                       e.title, 'state', e.state)
                                     ORDER BY e.place)
                     FROM environment e WHERE e.name = m.name), '[]') AS value
    FROM (VALUES ('now'), ('before')) AS m (name)
    UNION ALL
    SELECT CASE m.name WHEN 'now' THEN 'scope' ELSE 'scope_before' END,
           coalesce((SELECT json_agg(row_to_json(s))
                     FROM (SELECT * FROM scope s WHERE s.name = m.name
                           ORDER BY s.service COLLATE "C", s.place, s.standard_place) s), '[]')
    FROM (VALUES ('now'), ('before')) AS m (name)
) a
