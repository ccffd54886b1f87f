// libpbgen: latent vectors and images.
#include "core/freestanding/model_format.h"
#include "gan/edge/latent.h"
#include "gan/edge/opened_model.h"
#include "gan/edge/pbgen.h"
#include "gan/edge/pixels.h"
#include "gan/edge/walk.h"

namespace pbgen::edge {
namespace {

int check_model(const pbgen_model* model) {
  if (model == nullptr) return PBGEN_ARGUMENT;
  return model->place == model ? PBGEN_OK : PBGEN_MOVED;
}

bool is_latent_size(int z_dim) { return z_dim >= 1 && z_dim <= kMaxModelLatent; }

// A pbgen_target whose strides are all said, and what its format asks for.
struct Place {
  unsigned char* pixels;
  std::ptrdiff_t row_stride;
  std::ptrdiff_t plane_stride;
  std::ptrdiff_t image_stride;
  int format;
};

std::ptrdiff_t length_of(std::ptrdiff_t stride) { return stride < 0 ? -stride : stride; }

// Whether `count` strides lead nowhere that an address does not reach, and from one element to another.
bool fits(std::ptrdiff_t stride, std::ptrdiff_t count, int element_bytes) {
  constexpr std::ptrdiff_t kFarthest = PTRDIFF_MAX / 4;  // of rows, planes and images together below PTRDIFF_MAX
  return stride % element_bytes == 0 && stride >= -kFarthest && stride <= kFarthest && length_of(stride) <= kFarthest / count;
}

bool find_place(const pbgen_model& model, const pbgen_target* target, std::ptrdiff_t count, Place& place) {
  PixelLayout layout;
  if (target == nullptr || target->pixels == nullptr || !find_layout(target->format, model.channels, layout)) return false;
  for (const int member : target->reserved)
    if (member != 0) return false;
  if (reinterpret_cast<std::uintptr_t>(target->pixels) % static_cast<unsigned>(layout.element_bytes) != 0) return false;
  const std::ptrdiff_t row_bytes = static_cast<std::ptrdiff_t>(model.side) * layout.pixel_bytes;
  const auto or_touching = [](std::ptrdiff_t stride, std::ptrdiff_t bytes) { return stride != 0 ? stride : bytes; };
  place = {static_cast<unsigned char*>(target->pixels), or_touching(target->row_stride, row_bytes), 0, 0, target->format};
  if (!fits(place.row_stride, model.side, layout.element_bytes) || length_of(place.row_stride) < row_bytes) return false;
  const std::ptrdiff_t plane_bytes = length_of(place.row_stride) * model.side;
  if (layout.planes > 1) {
    place.plane_stride = or_touching(target->plane_stride, plane_bytes);
    if (!fits(place.plane_stride, layout.planes, layout.element_bytes)) return false;
  }
  if (count > 1) {
    place.image_stride = or_touching(target->image_stride, layout.planes > 1 ? length_of(place.plane_stride) * layout.planes : plane_bytes);
    if (!fits(place.image_stride, count, layout.element_bytes)) return false;
  }
  return true;
}

void draw_at(pbgen_model& model, const float* z, const Place& place, unsigned char* pixels) {
  generate_one(model.generator, z, model.image, model.scratch, &model.parallel);
  const std::ptrdiff_t side = model.side;
  for (std::ptrdiff_t y = 0; y < side; ++y)
    write_pixels(model.image + y * side, side * side, model.channels, model.side, place.format, pixels + y * place.row_stride,
                 place.plane_stride);
}

struct RowTaker {
  pbgen_model& model;
  int format;
  std::ptrdiff_t plane_stride;
  pbgen_take_row take_row;
  void* context;
};

bool take_band(void* context, int first) {
  const RowTaker& taker = *static_cast<const RowTaker*>(context);
  const pbgen_model& model = taker.model;
  const int rows = band_rows(model.generator);
  const std::ptrdiff_t side = model.side;
  for (int row = 0; row < rows; ++row) {
    write_pixels(model.image + row * side, rows * side, model.channels, model.side, taker.format, model.row, taker.plane_stride);
    if (taker.take_row(taker.context, first + row, model.row) != 0) return false;
  }
  return true;
}

}  // namespace
}  // namespace pbgen::edge

using namespace pbgen::edge;  // NOLINT(google-build-using-namespace): the C functions stand outside of it

int pbgen_latent(uint64_t seed, uint64_t number, int z_dim, float* z) {
  if (z == nullptr || !is_latent_size(z_dim) || number >= kNumbersOfASeed) return PBGEN_ARGUMENT;
  draw_latent(seed, number, z_dim, z);
  return PBGEN_OK;
}

int pbgen_walk(int kind, const float* from, const float* to, float t, int z_dim, float* z) {
  if (from == nullptr || to == nullptr || z == nullptr || !is_latent_size(z_dim) || !(t >= 0.0f && t <= 1.0f)) return PBGEN_ARGUMENT;
  if (kind != PBGEN_WALK_LINEAR && kind != PBGEN_WALK_SPHERICAL) return PBGEN_ARGUMENT;
  const WalkFactors factors = kind == PBGEN_WALK_LINEAR ? linear_factors(t) : spherical_factors(from, to, z_dim, t);
  walk(factors, from, to, z_dim, z);
  return PBGEN_OK;
}

int pbgen_generate(pbgen_model* model, const float* z, uint8_t* image) {
  if (z == nullptr || image == nullptr) return PBGEN_ARGUMENT;
  const int code = check_model(model);
  if (code != PBGEN_OK) return code;
  generate_one(model->generator, z, model->image, model->scratch, &model->parallel);
  const int pixels = model->side * model->side;
  write_pixels(model->image, pixels, model->channels, pixels, PBGEN_CHANNELS8, image, 0);
  return PBGEN_OK;
}

int pbgen_generate_seed(pbgen_model* model, uint64_t seed, uint64_t number, uint8_t* image) {
  if (image == nullptr || number >= kNumbersOfASeed) return PBGEN_ARGUMENT;
  const int code = check_model(model);
  if (code != PBGEN_OK) return code;
  draw_latent(seed, number, model->z_dim, model->z);
  return pbgen_generate(model, model->z, image);
}

int pbgen_draw(pbgen_model* model, const float* z, const pbgen_target* target) { return pbgen_draw_batch(model, z, 1, target); }

int pbgen_draw_batch(pbgen_model* model, const float* z, int count, const pbgen_target* target) {
  if (z == nullptr || count < 0) return PBGEN_ARGUMENT;
  const int code = check_model(model);
  if (code != PBGEN_OK) return code;
  Place place;
  if (!find_place(*model, target, count, place)) return PBGEN_ARGUMENT;
  for (std::ptrdiff_t i = 0; i < count; ++i) draw_at(*model, z + i * model->z_dim, place, place.pixels + i * place.image_stride);
  return PBGEN_OK;
}

int pbgen_draw_rows(pbgen_model* model, const float* z, int format, pbgen_take_row take_row, void* context) {
  if (z == nullptr || take_row == nullptr) return PBGEN_ARGUMENT;
  const int code = check_model(model);
  if (code != PBGEN_OK) return code;
  PixelLayout layout;
  if (!find_layout(format, model->channels, layout)) return PBGEN_ARGUMENT;
  RowTaker taker{*model, format, static_cast<std::ptrdiff_t>(model->side) * layout.pixel_bytes, take_row, context};
  const BandTaker bands{take_band, &taker};
  return generate_bands(model->generator, z, model->image, model->scratch, &model->parallel, bands) ? PBGEN_OK : PBGEN_STOPPED;
}
