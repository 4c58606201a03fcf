// The layers of mmod_human_face_detector (King, 2017) as dlib reads them from its file.
#pragma once

#include <dlib/dnn.h>

namespace facededup {
namespace mmod_layers {

// The type must name the layers exactly as the file has them.
template <int filters, typename Below>
using Shrinking = dlib::relu<dlib::affine<dlib::con<filters, 5, 5, 2, 2, Below>>>;
template <typename Below>
using Same = dlib::relu<dlib::affine<dlib::con<45, 5, 5, 1, 1, Below>>>;

using Pyramid = dlib::input_rgb_image_pyramid<dlib::pyramid_down<6>>;

}  // namespace mmod_layers

using MmodLayers =
    dlib::loss_mmod<dlib::con<1, 9, 9, 1, 1,
                              mmod_layers::Same<mmod_layers::Same<mmod_layers::Same<mmod_layers::Shrinking<
                                  32, mmod_layers::Shrinking<32, mmod_layers::Shrinking<16, mmod_layers::Pyramid>>>>>>>>;

}  // namespace facededup
