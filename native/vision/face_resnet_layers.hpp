// The layers of dlib_face_recognition_resnet_model_v1 (King, 2017) as dlib reads them from its file.
#pragma once

#include <dlib/dnn.h>

namespace facededup {
namespace resnet_layers {

// Every batch normalization is already folded into an affine layer. The type must name the layers exactly as the file
// has them.
template <int filters, int stride, typename Below>
using Convolution = dlib::affine<dlib::con<filters, 3, 3, stride, stride, Below>>;

template <int filters, int stride, typename Below>
using Branch = Convolution<filters, 1, dlib::relu<Convolution<filters, stride, Below>>>;

template <int filters, typename Below>
using Residual = dlib::relu<dlib::add_prev1<Branch<filters, 1, dlib::tag1<Below>>>>;

template <int filters, typename Below>
using Shrinking =
    dlib::relu<dlib::add_prev2<dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<Branch<filters, 2, dlib::tag1<Below>>>>>>>;

template <typename Below>
using Stem = dlib::max_pool<3, 3, 2, 2, dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, Below>>>>;
template <typename Below>
using Level32 = Residual<32, Residual<32, Residual<32, Below>>>;
template <typename Below>
using Level64 = Residual<64, Residual<64, Residual<64, Shrinking<64, Below>>>>;
template <typename Below>
using Level128 = Residual<128, Residual<128, Shrinking<128, Below>>>;
template <typename Below>
using Level256 = Residual<256, Residual<256, Shrinking<256, Below>>>;

}  // namespace resnet_layers

using FaceResnetLayers = dlib::loss_metric<
    dlib::fc_no_bias<128, dlib::avg_pool_everything<resnet_layers::Shrinking<
                              256, resnet_layers::Level256<resnet_layers::Level128<resnet_layers::Level64<
                                       resnet_layers::Level32<resnet_layers::Stem<dlib::input_rgb_image_sized<150>>>>>>>>>>;

}  // namespace facededup
