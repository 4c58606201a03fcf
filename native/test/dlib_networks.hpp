// The face recognition ResNet and the MMOD detector as files, made by code.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace facededup::test {

std::string whole_resnet();
std::string whole_mmod();

// What one of these files has besides its numbers: kilobytes instead of megabytes.
class Skeleton {
 public:
  explicit Skeleton(const std::string& whole);

  const std::string& bytes() const { return bytes_; }

  // A file from a skeleton that may be damaged: the numbers are put in where they were.
  std::string filled(const std::string& skeleton) const;

 private:
  struct Gap {
    std::size_t place;
    std::string numbers;
  };
  std::string bytes_;
  std::vector<Gap> gaps_;
};

}  // namespace facededup::test
