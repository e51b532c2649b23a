-- The audits of a programme at an instant, for who asked for another. $1 programme, $2 instant or
-- NULL (of all that is known), $3 known_at or NULL.
SELECT coalesce(string_agg(a.key, ', ' ORDER BY a.key COLLATE "C"), '')
FROM record.facts_in_force(
    'audit', coalesce($2::timestamptz, 'infinity'),
    CASE WHEN $3::text IS NOT NULL THEN record.known_position($3::timestamptz) END) a
WHERE a.fields -> 'audit' ->> 'programme' = $1::text
