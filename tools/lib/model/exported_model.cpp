#include "tools/lib/model/exported_model.h"

#include "core/base/check.h"
#include "gan/edge/model_file.h"
#include "gan/edge/pbgen.h"
#include "gan/packed_model.h"

namespace pbgen {
namespace {

// What pbgen_open would say, given an arena that is large enough.
int libpbgens_verdict(std::span<const std::uint8_t> bytes) {
  pbgen_info info{};
  edge::Header header;
  edge::Model model;
  int code = pbgen_query(bytes.data(), bytes.size(), nullptr, &info);
  if (code == PBGEN_OK) code = edge::read_header(bytes.data(), bytes.size(), header);
  if (code == PBGEN_OK) code = edge::verify_checksum(header);
  if (code == PBGEN_OK) code = edge::read_model(header, model);
  if (code == PBGEN_OK) code = edge::verify_values(model);
  return code;
}

}  // namespace

FoldedGenerator parse_exported_model(std::span<const std::uint8_t> bytes, const std::string& path) {
  FoldedGenerator folded = PackedModel::parse(bytes, path).folded();
  if (const int code = libpbgens_verdict(bytes); code != PBGEN_OK) fail(ErrorKind::model_file, path, ": ", pbgen_error_text(code));
  return folded;
}

}  // namespace pbgen
