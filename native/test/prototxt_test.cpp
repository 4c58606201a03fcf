// What is read out of prototxts, and what is refused.
#include "../vision/prototxt.hpp"

#include <string>

#include "checks.hpp"
#include "small_models.hpp"
#include "tests.hpp"

namespace facededup::test {
namespace {

const std::string input_of_64_by_48 = "input: 'data' input_shape { dim: 1 dim: 3 dim: 48 dim: 64 } ";

bool is_refused(const std::string& prototxt) {
  return fails_with(ErrorCode::model_corrupt, [&] { Prototxt(prototxt).input_size(); });
}

bool has_size(const std::string& prototxt) { return Prototxt(prototxt).input_size() == cv::Size(64, 48); }

std::string layer(const std::string& type, const std::string& rest) {
  return "layer { name: 'it' type: '" + type + "' top: 'out' " + rest + " } ";
}

// `change` made to the small SSD's prototxt, which has to hold it.
std::string changed(const std::string& what, const std::string& change) {
  auto text = small_prototxt();
  const auto at = text.find(what);
  if (at == std::string::npos) return text;
  return text.replace(at, what.size(), change);
}

void test_input_size() {
  check(has_size("input: \"data\" input_dim: 1 input_dim: 3 input_dim: 48 input_dim: 64"), "input_dim, four times");
  check(has_size(input_of_64_by_48), "input_shape");
  check(has_size("input: 'data', input_shape: < dim: [1, 3, 48, 64] >;"), "a list, angle brackets, commas and semicolons");
  check(has_size("layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: [1, 3, 48, 64] } } }"),
        "an Input layer");
  check(has_size("# dim: 9\nname: \"dim: 9\" " + input_of_64_by_48), "comments and strings are passed over");
  check(has_size(input_of_64_by_48 + layer("Reshape", "bottom: 'data' reshape_param { shape { dim: 0 dim: -1 } }")),
        "the dimensions of a layer's parameters are not the input's");
  for (const char* shape : {"", "dim: 1 dim: 3 dim: 48", "dim: 1 dim: 4 dim: 48 dim: 64", "dim: 1 dim: 3 dim: 48 dim: 4097",
                            "dim: 1 dim: 3 dim: 48 dim: 0", "dim: 1 dim: 3 dim: 48 dim: 99999999999", "dim: \"", "dim: [",
                            "dim: 1 dim: 3 dim: 060 dim: 64", "dim: 1 dim: 3 dim: 0x30 dim: 64"}) {
    check(is_refused(std::string("input: 'data' input_shape { ") + shape + " }"), std::string("refused: ") + shape);
  }
}

void test_layer_types() {
  const auto text = input_of_64_by_48 + layer("ReLU", "bottom: 'data'") + layer("Sigmoid", "bottom: 'out' # type: 'ReLU'\n");
  const auto expected = input_of_64_by_48 + layer("Other", "bottom: 'data'") + layer("Sigmoid", "bottom: 'out' # type: 'ReLU'\n");
  check(Prototxt(text).with_layer_type("ReLU", "Other") == expected, "layers of a type get another one, and nothing else does");
}

void test_text() {
  const auto prototxt = small_prototxt();
  bool are_cuts_harmless = true;
  for (std::size_t length = 0; length < prototxt.size(); ++length) {
    const auto cut = prototxt.substr(0, length);
    are_cuts_harmless &= is_refused(cut) || has_size(cut);
  }
  check(are_cuts_harmless, "a prototxt cut at any byte is harmless");
  for (const char* text : {"name: 'a' 'b'", "name: 'a\\x62'", "name 'a'", "[extension]: 1", "name:", "}", "name: 'a\n'"}) {
    check(is_refused(text + input_of_64_by_48), std::string("refused: ") + text);
  }
  check(is_refused(input_of_64_by_48 + std::string("\0", 1)), "a zero byte is refused");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "a {";
  check(is_refused(deep), "a hundred thousand braces are refused");
}

void test_layers() {
  check(!is_refused(small_prototxt()), "a sound prototxt is taken");
  const auto refused = [](const std::string& what, const std::string& rest) {
    check(is_refused(input_of_64_by_48 + rest), what + " is refused");
  };
  const std::string data = "bottom: 'data' ";
  refused("a layer that no SSD has", layer("Slice", data));
  refused("a layer without a type", "layer { name: 'it' bottom: 'data' top: 'out' }");
  refused("a layer of Caffe's first version", "layers { name: 'it' type: RELU bottom: 'data' top: 'out' }");
  refused("an input that nothing makes", layer("ReLU", "bottom: 'other'"));
  refused("a layer without an input", layer("ReLU", ""));
  refused("a layer with two outputs", layer("ReLU", data + "top: 'more'"));
  refused("a sum of one input", layer("Eltwise", data));
  refused("prior boxes without the photo", layer("PriorBox", data));
  refused("a second input of the network", "input: 'more'");
  refused("another layer's parameters", layer("Flatten", data + "permute_param { order: 0 }"));
  refused("a dimension beyond the last", layer("Flatten", data + "flatten_param { axis: 4 }"));
  refused("a dimension that is no number", layer("Flatten", data + "flatten_param { axis: one }"));
  refused("an order that is given twice", layer("Flatten", data + "flatten_param { axis: 1 axis: 2 }"));
  refused("a flattening that ends before it begins", layer("Flatten", data + "flatten_param { axis: 2 end_axis: 1 }"));
  refused("a step of no pixels", layer("Pooling", data + "pooling_param { kernel_size: 2 stride: 0 }"));
  refused("a normalisation by the photo at hand", layer("BatchNorm", data + "batch_norm_param { use_global_stats: false }"));
  for (const char* order : {"4, 2, 3, 1", "0, 2, 3", "0, 2, 2, 1", "0, -1, 2, 3", "0, 2, 4, 1"}) {
    refused(std::string("the order ") + order, layer("Permute", data + "permute_param { order: [" + order + "] }"));
  }
  const auto flat = layer("Flatten", data);
  for (const char* type : {"Convolution", "Pooling", "BatchNorm", "Normalize", "PReLU"}) {
    refused(std::string("a flat input of ") + type, flat + layer(type, "bottom: 'out'"));
  }
  refused("a sum of a flat input and a photo", flat + layer("Eltwise", "bottom: 'out' bottom: 'data'"));
  check(is_refused(changed("bottom: \"priors\"", "bottom: \"scores_flat\"")), "prior boxes of two dimensions are refused");
  check(is_refused(changed("bottom: \"scores_flat\"", "")), "detections without scores are refused");
}

}  // namespace

void test_prototxt() {
  test_input_size();
  test_layer_types();
  test_text();
  test_layers();
}

}  // namespace facededup::test
