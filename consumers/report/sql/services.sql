-- The services in scope by category, with an entry for each environment, the footnotes in reading
-- order, and totals. $1 frame. Retired services and discontinued environments are not in scope.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (environments jsonb, scope jsonb, standards text[])
), place AS MATERIALIZED (
    SELECT s.*
    FROM frame f
    CROSS JOIN LATERAL jsonb_to_recordset(f.scope) AS s (
        service text, title text, category text, "position" integer, former_titles jsonb,
        environment text, place integer, standard text, standard_place integer, boundary text,
        in_scope boolean)
    WHERE s.in_scope
), environment AS MATERIALIZED (
    SELECT e.value ->> 'environment' AS environment, e.value ->> 'title' AS title, e.place
    FROM frame f
    CROSS JOIN LATERAL jsonb_array_elements(f.environments) WITH ORDINALITY AS e (value, place)
    WHERE e.value ->> 'state' <> 'DISCONTINUED'
), service AS MATERIALIZED (
    SELECT s.*, min(s."position") OVER (PARTITION BY s.category) AS category_position,
           row_number() OVER (ORDER BY s."position", s.title COLLATE "C", s.service COLLATE "C")
               AS service_place
    FROM (SELECT DISTINCT p.service, p.title, p.category, p."position", p.former_titles
          FROM place p) s
), category AS MATERIALIZED (
    SELECT c.category, row_number() OVER (
               ORDER BY c.category = '', c.category_position, c.category COLLATE "C")
               AS category_place
    FROM (SELECT DISTINCT s.category, s.category_position FROM service s) c
), footnote AS MATERIALIZED (
    SELECT n.boundary, row_number() OVER (ORDER BY n.first) AS number
    FROM (
        SELECT p.boundary, min(ARRAY[c.category_place, s.service_place, p.place, p.standard_place])
                   AS first
        FROM place p
        JOIN service s ON s.service = p.service
        JOIN category c ON c.category = s.category
        WHERE p.boundary <> ''
        GROUP BY p.boundary
    ) n
), cell AS MATERIALIZED (
    SELECT p.service, p.environment,
           json_agg(p.standard ORDER BY p.standard_place) AS standards,
           count(*) = (SELECT cardinality(f.standards) FROM frame f) AS every_standard,
           coalesce((SELECT json_agg(n.number ORDER BY n.number)
                     FROM footnote n WHERE n.boundary = ANY (array_agg(p.boundary))), '[]')
               AS footnotes
    FROM place p GROUP BY p.service, p.environment
), counted AS MATERIALIZED (
    SELECT s.category, e.environment, e.place, count(c.service) AS services
    FROM environment e
    CROSS JOIN service s
    LEFT JOIN cell c ON c.service = s.service AND c.environment = e.environment
    GROUP BY s.category, e.environment, e.place
)
SELECT json_build_object(
    'environments', (SELECT coalesce(json_agg(json_build_object(
                         'environment', e.environment, 'title', e.title) ORDER BY e.place), '[]')
                     FROM environment e),
    'standards', to_json(f.standards),
    'categories', (
        SELECT coalesce(json_agg(json_build_object(
                   'category', c.category,
                   'services', (
                       SELECT json_agg(json_build_object(
                                  'service', s.service, 'title', s.title,
                                  'former_titles', s.former_titles,
                                  'environments', (
                                      SELECT json_agg(json_build_object(
                                                 'environment', e.environment,
                                                 'in_scope', x.service IS NOT NULL,
                                                 'every_standard',
                                                 coalesce(x.every_standard, false),
                                                 'standards', coalesce(x.standards, '[]'),
                                                 'footnotes', coalesce(x.footnotes, '[]'))
                                             ORDER BY e.place)
                                      FROM environment e
                                      LEFT JOIN cell x ON x.service = s.service
                                                      AND x.environment = e.environment))
                              ORDER BY s.service_place)
                       FROM service s WHERE s.category = c.category),
                   'totals', json_build_object(
                       'services', (SELECT count(*) FROM service s WHERE s.category = c.category),
                       'environments', (
                           SELECT json_agg(n.services ORDER BY n.place) FROM counted n
                           WHERE n.category = c.category)))
               ORDER BY c.category_place), '[]')
        FROM category c),
    'totals', json_build_object(
        'services', (SELECT count(*) FROM service),
        'environments', (
            SELECT coalesce(json_agg(n.services ORDER BY n.place), '[]')
            FROM (SELECT e.place, count(c.service) AS services
                  FROM environment e LEFT JOIN cell c ON c.environment = e.environment
                  GROUP BY e.place) n),
        'entries', (SELECT count(*) FROM cell)),
    'footnotes', (SELECT coalesce(json_agg(json_build_object('number', n.number,
                                                             'text', n.boundary)
                                           ORDER BY n.number), '[]')
                  FROM footnote n))
FROM frame f
