// Runs every C++ test of native/vision.
#include "checks.hpp"
#include "tests.hpp"

int main() {
  using namespace facededup::test;
  test_convolution();
  test_convolution_layer();
  std::printf("1..%d\n", checks);
  return failures == 0 ? 0 : 1;
}
