-- What the auditors concluded, area by area, and what else they wrote. $1 frame.
SELECT json_build_object(
    'areas', (
        SELECT coalesce(json_agg(json_build_object(
                   'area', c.value ->> 'area', 'conclusion', c.value ->> 'conclusion',
                   'comment', c.value ->> 'comment') ORDER BY c.place), '[]')
        FROM jsonb_array_elements(f.body -> 'conclusions') WITH ORDINALITY AS c (value, place)),
    'sections', (
        SELECT coalesce(json_agg(json_build_object(
                   'heading', s.value ->> 'heading', 'text', s.value ->> 'text')
               ORDER BY s.place), '[]')
        FROM jsonb_array_elements(f.body -> 'sections') WITH ORDINALITY AS s (value, place)))
FROM jsonb_to_record($1::jsonb) AS f (body jsonb)
