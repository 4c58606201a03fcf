// The C++ tests' output: one line for each check, in the Test Anything Protocol.
#pragma once

#include <cstdio>
#include <string>

#include "../vision/error.hpp"

namespace facededup::test {

inline int checks = 0;
inline int failures = 0;

inline void check(bool ok, const std::string& name) {
  failures += ok ? 0 : 1;
  std::printf("%sok %d - %s\n", ok ? "" : "not ", ++checks, name.c_str());
}

template <class Call>
bool fails_with(ErrorCode code, Call call) {
  try {
    call();
    return false;
  } catch (const Error& e) {
    return e.code() == code;
  }
}

}  // namespace facededup::test
