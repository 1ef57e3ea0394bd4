/* Removing a folder with all that is in it. */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include <stdbool.h>

/* Removes the entries of an open folder, which stays the caller's; links are removed, never
 * followed.  Deeper than TREE_DEPTH_MAX folders stays.  False when something stayed. */
#define TREE_DEPTH_MAX 100
bool tree_empty(int folder);

#endif
