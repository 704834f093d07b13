/* Stands in for sources that are not written yet. */
extern int dataforest_nothing;
