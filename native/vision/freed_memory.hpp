// Memory that loading has freed, back to the system.
#pragma once

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace facededup {

// Reading a model takes several times its size for a moment, which glibc would keep for the thread that read it.
inline void return_freed_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace facededup
