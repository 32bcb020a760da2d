// GNU functions that Swift's Glibc module leaves out because it is built without _GNU_SOURCE, and those of malloc.h.
#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

#include <malloc.h>
#include <sys/types.h>

/// Renames; with flags 1 (RENAME_NOREPLACE) it fails with EEXIST if the target exists.
extern int renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path,
                     unsigned int flags);

/// With flags 2 (SYNC_FILE_RANGE_WRITE) it starts writing dirty pages to the disk without waiting for it.
extern int sync_file_range(int descriptor, off_t offset, off_t count, unsigned int flags);

/// A pipe; with the flags of open(2), such as O_CLOEXEC.
extern int pipe2(int descriptors[2], int flags);

/// A file in memory; with flags 1 (MFD_CLOEXEC) no child inherits it.
extern int memfd_create(const char *name, unsigned int flags);

/// Has a spawned program close every descriptor from this one on; the actions are a posix_spawn_file_actions_t, whose header would
/// make this module the owner of types that others have from Glibc.
extern int posix_spawn_file_actions_addclosefrom_np(void *actions, int from);

#endif
