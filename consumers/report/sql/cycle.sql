-- The cycle's audits, done and planned, as known at the instant. $1 frame.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (
        programme text, audit text, at timestamptz, upto bigint, cycle jsonb,
        cycle_from timestamptz)
), location AS MATERIALIZED (
    SELECT l.fields -> 'location' ->> 'location' AS location,
           l.fields -> 'location' ->> 'title' AS title
    FROM frame f
    CROSS JOIN LATERAL record.facts_in_force('location', f.at, f.upto) l
    WHERE l.fields -> 'location' ->> 'programme' = f.programme
)
SELECT json_build_object(
    'from', CASE WHEN isfinite(f.cycle_from) THEN to_char(f.cycle_from AT TIME ZONE 'UTC',
                                                          'YYYY-MM-DD"T"HH24:MI:SS"Z"') END,
    'audits', (
        SELECT coalesce(json_agg(json_build_object(
                   'year', date_part('year', (a.value ->> 'starts_at')::timestamptz
                                             AT TIME ZONE 'UTC')::integer,
                   'audit', a.value ->> 'audit', 'kind', a.value ->> 'kind',
                   'state', a.value ->> 'state', 'starts_at', a.value ->> 'starts_at',
                   'ends_at', a.value ->> 'ends_at', 'processes', a.value -> 'processes',
                   'locations', (
                       SELECT coalesce(json_agg(json_build_object(
                                  'location', v.location,
                                  'title', coalesce(l.title, v.location)) ORDER BY v.place), '[]')
                       FROM jsonb_array_elements_text(a.value -> 'locations')
                           WITH ORDINALITY AS v (location, place)
                       LEFT JOIN location l ON l.location = v.location),
                   'this', a.value ->> 'audit' = f.audit) ORDER BY a.place), '[]')
        FROM jsonb_array_elements(f.cycle) WITH ORDINALITY AS a (value, place)))
FROM frame f
