-- The scope as the programme words it, with the Statement of Applicability it goes with, and what
-- certificates there are. $1 frame.
WITH frame AS MATERIALIZED (
    SELECT f.*
    FROM jsonb_to_record($1::jsonb) AS f (
        programme text, at timestamptz, upto bigint, body jsonb, programme_body jsonb)
), soa AS MATERIALIZED (
    SELECT s.fields -> 'statement_of_applicability' AS b
    FROM frame f
    CROSS JOIN LATERAL record.fact_in_force('statement_of_applicability', f.programme, f.at,
                                            f.upto) s
), standard AS MATERIALIZED (
    SELECT s.standard, s.place, coalesce(t.fields -> 'standard' ->> 'title', s.standard) AS title,
           t.fields -> 'standard' ->> 'edition' AS edition
    FROM frame f
    CROSS JOIN LATERAL jsonb_array_elements_text(f.programme_body -> 'standards')
        WITH ORDINALITY AS s (standard, place)
    LEFT JOIN LATERAL record.fact_in_force('standard', s.standard, f.at, f.upto) t ON true
)
SELECT json_build_object(
    'text', f.programme_body -> 'scope_statement' ->> 'text',
    'updated_at', f.programme_body -> 'scope_statement' ->> 'updated_at',
    'approved_at', f.programme_body -> 'scope_statement' ->> 'approved_at',
    'soa_version', f.body ->> 'soa_version',
    'fieldwork_soa_version', f.body ->> 'fieldwork_soa_version',
    'soa_in_force', (SELECT json_build_object(
        'version', s.b ->> 'version', 'dated', s.b ->> 'dated',
        'entries', jsonb_array_length(s.b -> 'entries'),
        'applicable', (SELECT count(*) FROM jsonb_array_elements(s.b -> 'entries') e
                       WHERE (e.value ->> 'applicable')::boolean)) FROM soa s),
    'standards', (
        SELECT coalesce(json_agg(json_build_object(
                   'standard', s.standard, 'title', s.title, 'edition', s.edition,
                   'roles', (SELECT coalesce(json_agg(r.value ->> 'role' ORDER BY r.place), '[]')
                             FROM jsonb_array_elements(f.programme_body -> 'roles')
                                 WITH ORDINALITY AS r (value, place)
                             WHERE r.value ->> 'standard' = s.standard),
                   'certificate', CASE WHEN c.state IS NOT NULL THEN json_build_object(
                       'state', c.state, 'number', c.number, 'body', c.body,
                       'valid_from', to_char(c.valid_from AT TIME ZONE 'UTC',
                                             'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                       'valid_until', to_char(c.valid_until AT TIME ZONE 'UTC',
                                              'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                       'soa_version', c.soa_version, 'flags', c.flags) END)
               ORDER BY s.place), '[]')
        FROM standard s
        LEFT JOIN (
            SELECT d.* FROM frame g CROSS JOIN LATERAL record.certification_upto(g.at, g.upto) d
            WHERE d.programme = g.programme
        ) c ON c.standard = s.standard))
FROM frame f
