// One function for each file of tests.
#pragma once

namespace facededup::test {

void test_convolution();
void test_convolution_layer();

}  // namespace facededup::test
