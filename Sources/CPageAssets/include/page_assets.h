#ifndef SG_PAGE_ASSETS_H
#define SG_PAGE_ASSETS_H

#include <stddef.h>

/// A file that is part of the program.
struct sg_asset {
    /// Its name, without a folder.
    const char *name;
    const unsigned char *bytes;
    size_t count;
};

/// How many files of the page there are.
size_t sg_page_asset_count(void);

/// The file with a number from 0 to one less than their count.
struct sg_asset sg_page_asset(size_t index);

/// The description of the HTTP interface.
struct sg_asset sg_openapi_document(void);

#endif
