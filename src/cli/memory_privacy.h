// Keeps the memory of the process, which holds keys, from the disk and from other processes.
#pragma once

namespace merlon::cli {

// From now on the kernel writes no core file, and only root may attach a debugger or read
// /proc/PID/mem and /proc/PID/environ. Not in builds with sanitizers, whose leak check attaches.
void forbid_dumps();

}  // namespace merlon::cli
