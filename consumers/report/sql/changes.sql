-- Services, environments and locations that came into scope or left it since the previous audit,
-- and services that are on their way into it. $1 frame. Without a previous audit nothing is
-- compared.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (
        programme text, at timestamptz, previous_at timestamptz, upto bigint, previous jsonb,
        environments jsonb, environments_before jsonb, scope jsonb, scope_before jsonb)
), place AS MATERIALIZED (
    SELECT m.name, s.*
    FROM frame f
    CROSS JOIN LATERAL (VALUES ('now', f.scope), ('before', f.scope_before)) AS m (name, scope)
    CROSS JOIN LATERAL jsonb_to_recordset(m.scope) AS s (
        service text, title text, category text, "position" integer, lifecycle text,
        environment text, place integer, state text, standard text, standard_place integer,
        membership text, reason text, in_scope boolean)
), held AS MATERIALIZED (
    -- Both moments of a place in one row. Grouped, not joined: of JSON the planner knows no sizes,
    -- and would compare each place with each.
    SELECT p.service, p.environment, p.standard, min(p.place) AS place,
           min(p.standard_place) AS standard_place,
           coalesce(bool_or(p.in_scope) FILTER (WHERE p.name = 'now'), false) AS now,
           coalesce(bool_or(p.in_scope) FILTER (WHERE p.name = 'before'), false) AS before,
           max(p.lifecycle) FILTER (WHERE p.name = 'now') AS lifecycle,
           max(p.state) FILTER (WHERE p.name = 'now') AS state,
           max(p.reason) FILTER (WHERE p.name = 'now') AS reason,
           coalesce(max(p.title) FILTER (WHERE p.name = 'now'), max(p.title)) AS title,
           coalesce(max(p.category) FILTER (WHERE p.name = 'now'), max(p.category)) AS category,
           coalesce(max(p."position") FILTER (WHERE p.name = 'now'), max(p."position"))
               AS "position"
    FROM place p GROUP BY p.service, p.environment, p.standard
), change AS MATERIALIZED (
    SELECT h.*,
           CASE WHEN h.now THEN 'ADDED'
                WHEN h.lifecycle = 'RETIRED' THEN 'RETIRED'
                WHEN h.state = 'DISCONTINUED' OR h.state IS NULL THEN 'ENVIRONMENT_GONE'
                ELSE 'REMOVED' END AS change
    FROM held h WHERE h.now <> h.before
), covered AS MATERIALIZED (
    SELECT h.service, bool_or(h.now) AS now, bool_or(h.before) AS before
    FROM held h GROUP BY h.service
), moved AS MATERIALIZED (
    SELECT c.change, c.service, c.title, c.category, c."position", c.environment, c.place,
           json_agg(c.standard ORDER BY c.standard_place) AS standards,
           (array_agg(c.reason ORDER BY c.standard_place))[1] AS reason,
           bool_and(CASE WHEN c.now THEN NOT v.before ELSE NOT v.now END) AS whole
    FROM change c
    JOIN covered v ON v.service = c.service
    GROUP BY c.change, c.service, c.title, c.category, c."position", c.environment, c.place
), location AS MATERIALIZED (
    SELECT m.name, l.key, l.fields -> 'location' AS b
    FROM frame f
    CROSS JOIN LATERAL (VALUES ('now', f.at), ('before', f.previous_at)) AS m (name, at)
    CROSS JOIN LATERAL record.facts_in_force('location', m.at, f.upto) l
    WHERE l.fields -> 'location' ->> 'programme' = f.programme
      AND (l.fields -> 'location' ->> 'in_scope')::boolean
), environment AS MATERIALIZED (
    SELECT m.name, e.value ->> 'environment' AS environment, e.value ->> 'title' AS title,
           e.value ->> 'state' <> 'DISCONTINUED' AS live, e.place
    FROM frame f
    CROSS JOIN LATERAL (VALUES ('now', f.environments), ('before', f.environments_before))
        AS m (name, listed)
    CROSS JOIN LATERAL jsonb_array_elements(m.listed) WITH ORDINALITY AS e (value, place)
)
SELECT json_build_object(
    'since', f.previous_at IS NOT NULL,
    'services', CASE WHEN f.previous_at IS NULL THEN '[]' ELSE (
        SELECT coalesce(json_agg(json_build_object(
                   'change', r.change, 'service', r.service, 'title', r.title,
                   'category', r.category, 'environment', r.environment,
                   'standards', r.standards, 'whole', r.whole, 'reason', r.reason)
               ORDER BY array_position(ARRAY['ADDED', 'REMOVED', 'ENVIRONMENT_GONE', 'RETIRED'],
                                       r.change),
                        r."position", r.service COLLATE "C", r.place), '[]')
        FROM moved r) END,
    'environments', CASE WHEN f.previous_at IS NULL THEN '[]' ELSE (
        SELECT coalesce(json_agg(json_build_object(
                   'change', e.change, 'environment', e.environment, 'title', e.title)
               ORDER BY array_position(ARRAY['ADDED', 'REMOVED', 'DISCONTINUED'], e.change),
                        e.place, e.environment COLLATE "C"), '[]')
        FROM (
            SELECT coalesce(n.environment, b.environment) AS environment,
                   coalesce(n.title, b.title) AS title, coalesce(n.place, b.place) AS place,
                   CASE WHEN n.live AND b.live IS NOT TRUE THEN 'ADDED'
                        WHEN b.live AND n.environment IS NULL THEN 'REMOVED'
                        WHEN b.live AND NOT n.live THEN 'DISCONTINUED' END AS change
            FROM (SELECT * FROM environment WHERE name = 'now') n
            FULL JOIN (SELECT * FROM environment WHERE name = 'before') b
                ON b.environment = n.environment
        ) e WHERE e.change IS NOT NULL) END,
    'locations', CASE WHEN f.previous_at IS NULL THEN '[]' ELSE (
        SELECT coalesce(json_agg(json_build_object(
                   'change', l.change, 'location', l.b ->> 'location', 'title', l.b ->> 'title',
                   'section', l.b ->> 'section', 'kind', l.b ->> 'kind',
                   'country', l.b ->> 'country')
               ORDER BY l.change COLLATE "C", l.b ->> 'section' COLLATE "C",
                        l.b ->> 'title' COLLATE "C", l.b ->> 'location' COLLATE "C"), '[]')
        FROM (
            SELECT coalesce(n.b, b.b) AS b,
                   CASE WHEN b.key IS NULL THEN 'ADDED' ELSE 'REMOVED' END AS change
            FROM (SELECT * FROM location WHERE name = 'now') n
            FULL JOIN (SELECT * FROM location WHERE name = 'before') b ON b.key = n.key
            WHERE n.key IS NULL OR b.key IS NULL
        ) l) END,
    'pending', (
        SELECT coalesce(json_agg(json_build_object(
                   'service', p.service, 'title', p.title, 'category', p.category,
                   'environment', p.environment, 'standard', p.standard,
                   'membership', p.membership, 'reason', p.reason)
               ORDER BY p."position", p.service COLLATE "C", p.place, p.standard_place), '[]')
        FROM place p
        WHERE p.name = 'now' AND p.membership IN ('PROPOSED', 'ONBOARDING', 'PENDING_AUDIT')
          AND p.state <> 'DISCONTINUED' AND coalesce(p.lifecycle, '') <> 'RETIRED'))
FROM frame f
