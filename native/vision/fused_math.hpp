// dlib built for a recent processor fuses multiplications with additions, which rounds once instead of twice and so moves
// some boxes by a pixel; it is faster, too. Code marked so does the same where the processor can, while the rest of the
// addon runs on any processor.
#pragma once

namespace facededup {

#if defined(__x86_64__) && defined(__GNUC__)

// `flatten` carries the target through all of dlib's templates, which are compiled into the marked function.
#define FACEDEDUP_FUSED __attribute__((target("avx2,fma"), flatten))

inline bool processor_fuses() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

#else

#define FACEDEDUP_FUSED

inline bool processor_fuses() { return false; }

#endif

}  // namespace facededup
