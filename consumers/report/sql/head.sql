-- Which programme, audit and instant the report is about. $1 frame.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (
        programme text, audit text, at text, known_at text, body jsonb, programme_body jsonb,
        previous jsonb, previous_at text, standards text[], environments jsonb, upto bigint)
)
SELECT json_build_object(
    'programme', json_build_object(
        'programme', f.programme, 'title', f.programme_body ->> 'title',
        'organisation', f.programme_body ->> 'organisation',
        'environments', f.environments),
    'audit', json_build_object(
        'audit', f.audit, 'kind', f.body ->> 'kind', 'state', f.body ->> 'state',
        'starts_at', f.body ->> 'starts_at', 'ends_at', f.body ->> 'ends_at',
        'reported_at', f.body ->> 'reported_at', 'auditor', f.body ->> 'auditor',
        'team', f.body -> 'team',
        'standards', (
            SELECT coalesce(json_agg(json_build_object(
                       'standard', s.standard,
                       'title', coalesce(t.fields -> 'standard' ->> 'title', s.standard))
                   ORDER BY s.place), '[]')
            FROM unnest(f.standards) WITH ORDINALITY AS s (standard, place)
            LEFT JOIN LATERAL record.fact_in_force('standard', s.standard, f.at::timestamptz,
                                                   f.upto) t ON true),
        'objectives', f.body -> 'objectives', 'processes', f.body -> 'processes',
        'locations', (
            SELECT coalesce(json_agg(json_build_object(
                       'location', v.location,
                       'title', coalesce(l.fields -> 'location' ->> 'title', v.location))
                   ORDER BY v.place), '[]')
            FROM jsonb_array_elements_text(f.body -> 'locations')
                WITH ORDINALITY AS v (location, place)
            LEFT JOIN LATERAL record.fact_in_force('location', f.programme || '|' || v.location,
                                                   f.at::timestamptz, f.upto) l ON true),
        'meetings', f.body -> 'meetings',
        'fieldwork_soa_version', f.body ->> 'fieldwork_soa_version',
        'soa_version', f.body ->> 'soa_version'),
    'previous_audit', CASE WHEN f.previous IS NOT NULL THEN json_build_object(
        'audit', f.previous ->> 'audit', 'kind', f.previous ->> 'kind', 'at', f.previous_at) END,
    'at', f.at, 'known_at', f.known_at)
FROM frame f
