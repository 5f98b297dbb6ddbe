// Gives memory that nobody uses back to the operating system.
#pragma once

namespace merlon::server {

// The allocator keeps what was freed between blocks that are in use: after a burst of large bodies
// a process would stay as large as it ever was. Does nothing unless more than 16 MiB lie idle.
// While it works, nobody allocates: some milliseconds.
void return_free_memory();

}  // namespace merlon::server
