// One function for each file of tests.
#pragma once

namespace facededup::test {

void test_convolution();
void test_convolution_layer();
void test_decoders();
void test_lanes();
void test_model_files();
void test_network_files();
void test_prototxt();

}  // namespace facededup::test
