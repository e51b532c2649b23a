/*
 * show -- the catalogue on standard output: for people as tables, for programs as one JSON object.
 *
 * Each function returns false where standard output could not be written.
 */
#ifndef ASSAY_PRODUCERS_CATALOG_SHOW_H
#define ASSAY_PRODUCERS_CATALOG_SHOW_H

#include "producers/catalog/shelf.h"

#include <stdbool.h>

/* The standards, one a row; {"standards": […]}. */
bool show_shelf(const struct shelf *shelf, bool as_json);

/* One standard and its controls; {"standard": …, …, "controls": […]}. */
bool show_edition(const struct edition *edition, bool as_json);

/* One control of it, and the pairs it has in `crosswalk`, or, where that is NULL, in any of the
 * shelf's; {"standard": …, "control": …, …, "crosswalks": […]}. */
bool show_control(const struct shelf *shelf, const struct edition *edition,
                  const struct edition_control *control, const struct crosswalk *crosswalk,
                  bool as_json);

/* A whole crosswalk; {"from": …, "to": …, "provenance": […], "pairs": […]}. */
bool show_crosswalk(const struct shelf *shelf, const struct crosswalk *crosswalk, bool as_json);

#endif
