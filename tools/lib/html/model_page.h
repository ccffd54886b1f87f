// The page that draws exported models in a browser (tools/web), with models in it: one file that needs nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pbgen {

class ModelPage {
 public:
  // The page that `make wasm` built, of the build that this program is of, or installed with it.  Error(input_output) with the mend where
  // there is none, or where what is there is another page.
  static ModelPage find();
  // The same of a file.
  static ModelPage load(const std::string& path);

  // An exported model's file.  The first is the page's, a second stands beside it; those that the page was built with are left out.
  void add(std::string_view name, std::span<const std::uint8_t> model);

  std::string text() const { return before_ + models_ + behind_; }

 private:
  std::string before_;
  std::string models_;
  std::string behind_;
};

}  // namespace pbgen
