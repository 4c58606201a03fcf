// A dlib network that keeps nothing of its file but the numbers.
#pragma once

#include <dlib/dnn.h>

#include <cstddef>
#include <type_traits>
#include <vector>

#include "error.hpp"

namespace facededup {

template <class Layer>
constexpr bool has_details = false;
template <class Details, class Below, class Enabled>
constexpr bool has_details<dlib::add_layer<Details, Below, Enabled>> = true;

// Takes the numbers of `file` over into `ours`, which has been run once and so knows what sizes all of it has: dlib follows
// the sizes in a file unseen. Throws model_corrupt when a layer has more or fewer numbers.
template <class Network>
void take_numbers(Network& file, Network& ours) {
  std::vector<const dlib::tensor*> numbers;
  dlib::visit_layers(file, [&](std::size_t, auto& layer) {
    if constexpr (has_details<std::decay_t<decltype(layer)>>) numbers.push_back(&layer.layer_details().get_layer_params());
  });
  auto next = numbers.begin();
  dlib::visit_layers(ours, [&](std::size_t, auto& layer) {
    if constexpr (has_details<std::decay_t<decltype(layer)>>) {
      auto& own = layer.layer_details().get_layer_params();
      if ((*next)->size() != own.size()) throw Error(ErrorCode::model_corrupt, "a layer of the network has not its size");
      if (own.size() > 0) memcpy(own, **next);
      ++next;
    }
  });
}

}  // namespace facededup
