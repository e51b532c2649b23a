-- The locations in scope by section, kind and group, with totals; and those that are not in scope.
-- $1 frame.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (programme text, at timestamptz, upto bigint)
), location AS MATERIALIZED (
    SELECT l.fields -> 'location' ->> 'location' AS location,
           l.fields -> 'location' ->> 'title' AS title,
           l.fields -> 'location' ->> 'section' AS section,
           l.fields -> 'location' ->> 'group' AS "group",
           l.fields -> 'location' ->> 'kind' AS kind,
           array_position(ARRAY['REGION', 'DATACENTER', 'EDGE', 'EXTENDED_ZONE', 'OFFICE',
                                'ONLINE_SERVICE'], l.fields -> 'location' ->> 'kind') AS kind_place,
           (l.fields -> 'location' ->> 'in_scope')::boolean AS in_scope,
           json_build_object(
               'location', l.fields -> 'location' ->> 'location',
               'title', l.fields -> 'location' ->> 'title',
               'address', l.fields -> 'location' ->> 'address',
               'country', l.fields -> 'location' ->> 'country',
               'environments', l.fields -> 'location' -> 'environments') AS shown
    FROM frame f
    CROSS JOIN LATERAL record.facts_in_force('location', f.at, f.upto) l
    WHERE l.fields -> 'location' ->> 'programme' = f.programme
), grouped AS MATERIALIZED (
    SELECT l.section, l.kind, l.kind_place, l."group", count(*) AS total, json_build_object(
        'group', l."group", 'total', count(*),
        'locations', json_agg(l.shown ORDER BY l.title COLLATE "C", l.location COLLATE "C")
        ) AS shown
    FROM location l WHERE l.in_scope
    GROUP BY l.section, l.kind, l.kind_place, l."group"
), kind AS MATERIALIZED (
    SELECT g.section, g.kind, g.kind_place, sum(g.total)::bigint AS total, json_build_object(
        'kind', g.kind, 'total', sum(g.total)::bigint,
        'groups', json_agg(g.shown ORDER BY g."group" COLLATE "C")) AS shown
    FROM grouped g GROUP BY g.section, g.kind, g.kind_place
)
SELECT json_build_object(
    'sections', (
        SELECT coalesce(json_agg(s.shown ORDER BY s.section COLLATE "C"), '[]')
        FROM (
            SELECT k.section, json_build_object(
                'section', k.section, 'total', sum(k.total)::bigint,
                'kinds', json_agg(k.shown ORDER BY k.kind_place)) AS shown
            FROM kind k GROUP BY k.section
        ) s),
    'kinds', (
        SELECT coalesce(json_agg(json_build_object('kind', k.kind, 'total', k.total)
                                 ORDER BY k.kind_place), '[]')
        FROM (SELECT k.kind, k.kind_place, sum(k.total)::bigint AS total
              FROM kind k GROUP BY k.kind, k.kind_place) k),
    'total', (SELECT count(*) FROM location l WHERE l.in_scope),
    'not_in_scope', (
        SELECT coalesce(json_agg(l.shown ORDER BY l.section COLLATE "C", l.title COLLATE "C",
                                                  l.location COLLATE "C"), '[]')
        FROM location l WHERE NOT l.in_scope))
