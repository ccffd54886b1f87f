#include "data/formats/jpeg.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "core/base/check.h"
#include "core/freestanding/ints.h"
#include "data/formats/byte_order.h"
#include "data/formats/jpeg_colour.h"
#include "data/formats/jpeg_frame.h"
#include "data/formats/jpeg_scan.h"
#include "data/formats/orientation.h"

namespace pbgen {
namespace {

using Content = std::span<const std::uint8_t>;

bool begins_with(Content content, std::string_view text) {
  return content.size() >= text.size() && std::equal(text.begin(), text.end(), content.begin());
}

// Why a frame of this kind is not read; "" where it is.
std::string_view unread_frame(int marker) {
  switch (marker) {
    case 0xc0:
    case 0xc1:
    case 0xc2: return "";
    case 0xc3: return "a lossless JPEG";
    case 0xc5:
    case 0xc6:
    case 0xc7: return "a hierarchical JPEG";
    case 0xcb: return "a lossless JPEG with arithmetic coding";
    case 0xcd:
    case 0xce:
    case 0xcf: return "a hierarchical JPEG with arithmetic coding";
    default: return "a JPEG with arithmetic coding";
  }
}

class Reader {
 public:
  explicit Reader(Content bytes) : bytes_(bytes) {}

  DecodedImage read() {
    for (at_ = 2;;) {
      const int marker = next_marker();
      if (marker == kEndOfImage) break;
      read_segment(marker);
    }
    if (!scans_) fail(ErrorKind::data, "the JPEG holds no scan");
    if (frame_.progressive) finish_progressive_jpeg(frame_);
    // Kept by sequential pictures too: which components have come.
    for (const JpegComponent& component : frame_.components)
      if (component.bits_to_come[0] != 0) fail(ErrorKind::data, "truncated: the JPEG lacks the scan of a component");
    DecodedImage result;
    result.image = jpeg_pixels(frame_, colours());
    result.was_grey = frame_.components.size() == 1;
    result.orientation = orientation_;
    return result;
  }

 private:
  static constexpr int kStartOfImage = 0xd8;
  static constexpr int kEndOfImage = 0xd9;
  static constexpr int kStartOfScan = 0xda;

  // Between segments nothing but fill bytes (255) may stand; behind a scan, what is left of it is passed over.
  int next_marker() {
    while (at_ + 1 < bytes_.size()) {
      const int marker = bytes_[at_ + 1];
      const bool is_marker = bytes_[at_] == 0xff && marker != 0 && marker != 0xff;
      const bool is_restart = marker >= 0xd0 && marker <= 0xd7;
      if (is_marker && !(behind_scan_ && is_restart)) {
        at_ += 2;
        behind_scan_ = false;
        return marker;
      }
      if (!behind_scan_ && bytes_[at_] != 0xff)
        fail(ErrorKind::data, "corrupt: bytes that belong to nothing between two segments of the JPEG");
      ++at_;
    }
    fail(ErrorKind::data, "truncated: the JPEG has no end-of-image marker");
  }

  void read_segment(int marker) {
    if (marker == kStartOfImage || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd7) || marker == 0xc8)
      fail(ErrorKind::data, "corrupt: a marker ", marker, " where the JPEG may not have it");
    if (bytes_.size() - at_ < 2) fail_truncated();
    const std::size_t length = big_endian(bytes_, at_, 2);
    if (length < 2) fail(ErrorKind::data, "corrupt: a segment of the JPEG is shorter than its own length");
    if (length > bytes_.size() - at_) fail_truncated();
    const Content content = bytes_.subspan(at_ + 2, length - 2);
    at_ += length;
    switch (marker) {
      case 0xc4: read_codes(content); break;
      case 0xdb: read_quantisers(content); break;
      case 0xdd: read_restart_interval(content); break;
      case 0xdc: read_height(content); break;
      case 0xde:
      case 0xdf: fail(ErrorKind::data, "a hierarchical JPEG, which is not read; save it as an ordinary one");
      case 0xcc: fail(ErrorKind::data, unread_frame(marker), ", which is not read; save it with Huffman coding");
      case 0xe0: is_jfif_ = is_jfif_ || begins_with(content, std::string_view("JFIF\0", 5)); break;
      case 0xe1: read_exif(content); break;
      case 0xee:
        if (begins_with(content, "Adobe") && content.size() >= 12) adobe_transform_ = content[11];
        break;
      case kStartOfScan: read_scan(content); break;
      default:
        if (marker < 0xd0) read_frame(marker, content);
    }
  }

  [[noreturn]] static void fail_truncated() { fail(ErrorKind::data, "truncated: the JPEG ends within a segment"); }
  [[noreturn]] static void fail_segment(const char* what) {
    fail(ErrorKind::data, "corrupt: the JPEG's ", what, " has an impossible length or number");
  }

  void read_codes(Content content) {
    while (!content.empty()) {
      if (content.size() < 17) fail_segment("Huffman table");
      std::size_t symbols = 0;
      for (const std::uint8_t count : content.subspan(1, 16)) symbols += count;
      if (symbols > 256 || content.size() < 17 + symbols || (content[0] & 15) > 3 || content[0] >> 4 > 1) fail_segment("Huffman table");
      JpegCode& code = (content[0] >> 4 == 0 ? tables_.dc : tables_.ac)[content[0] & 15];
      code.define(content.subspan(1, 16), content.subspan(17, symbols));
      content = content.subspan(17 + symbols);
    }
  }

  void read_quantisers(Content content) {
    while (!content.empty()) {
      const std::size_t bytes_each = (content[0] >> 4) + 1u;
      const std::size_t index = content[0] & 15;
      if (bytes_each > 2 || index > 3 || content.size() < 1 + kBlockSize * bytes_each) fail_segment("quantisation table");
      for (std::size_t k = 0; k < kBlockSize; ++k) {
        const auto step = static_cast<std::uint16_t>(big_endian(content, 1 + k * bytes_each, bytes_each));
        if (step == 0) fail_segment("quantisation table");
        tables_.quantisers[index][kZigzag[k]] = step;
      }
      tables_.has_quantiser[index] = true;
      content = content.subspan(1 + kBlockSize * bytes_each);
    }
  }

  void read_restart_interval(Content content) {
    if (content.size() != 2) fail_segment("restart interval");
    tables_.restart_interval = static_cast<int>(big_endian(content, 0, 2));
  }

  void read_height(Content content) {
    if (content.size() != 2 || !scans_ || static_cast<int>(big_endian(content, 0, 2)) != frame_.height)
      fail_segment("number of lines (DNL)");
  }

  void read_exif(Content content) {
    constexpr std::string_view kExif("Exif\0\0", 6);
    if (has_exif_ || !begins_with(content, kExif)) return;
    has_exif_ = true;
    orientation_ = read_orientation(content.subspan(kExif.size()));
  }

  void read_frame(int marker, Content content) {
    if (const std::string_view kind = unread_frame(marker); !kind.empty())
      fail(ErrorKind::data, kind, ", which is not read; save it as an ordinary one");
    if (!frame_.components.empty()) fail(ErrorKind::data, "corrupt: the JPEG has two frames");
    if (content.size() < 6) fail_segment("frame");
    if (content[0] != 8) fail(ErrorKind::data, "a JPEG of ", int{content[0]}, " bits a sample, which is not read; save it with 8");
    frame_.height = static_cast<int>(big_endian(content, 1, 2));
    frame_.width = static_cast<int>(big_endian(content, 3, 2));
    const std::size_t components = content[5];
    if (frame_.height == 0) fail(ErrorKind::data, "a JPEG whose height is not in its header (DNL), which is not read; save it anew");
    check_image_sides(frame_.width, frame_.height);
    if (components != 1 && components != 3 && components != 4)
      fail(ErrorKind::data, "a JPEG of ", components, " components, 1, 3 or 4 are read");
    if (content.size() != 6 + 3 * components) fail_segment("frame");
    frame_.progressive = marker == 0xc2;
    for (std::size_t i = 0; i < components; ++i) add_component(content.subspan(6 + 3 * i, 3));
    lay_out();
  }

  void add_component(Content content) {
    JpegComponent component;
    component.id = content[0];
    component.h = content[1] >> 4;
    component.v = content[1] & 15;
    component.quantiser_index = content[2];
    component.bits_to_come.fill(JpegComponent::kUnseen);
    const bool is_new =
        std::none_of(frame_.components.begin(), frame_.components.end(), [&](const JpegComponent& c) { return c.id == component.id; });
    if (!is_new || component.h < 1 || component.h > 4 || component.v < 1 || component.v > 4 || component.quantiser_index > 3)
      fail_segment("frame");
    frame_.h_most = std::max(frame_.h_most, component.h);
    frame_.v_most = std::max(frame_.v_most, component.v);
    frame_.components.push_back(component);
  }

  void lay_out() {
    frame_.units_wide = ceil_div(frame_.width, kBlockSide * frame_.h_most);
    frame_.units_high = ceil_div(frame_.height, kBlockSide * frame_.v_most);
    std::size_t blocks = 0;
    for (JpegComponent& component : frame_.components) {
      if (frame_.h_most % component.h != 0 || frame_.v_most % component.v != 0)
        fail(ErrorKind::data, "a JPEG whose components are sampled at ratios that are not whole, which is not read; save it anew");
      component.width = ceil_div(frame_.width * component.h, frame_.h_most);
      component.height = ceil_div(frame_.height * component.v, frame_.v_most);
      component.blocks_wide = frame_.units_wide * component.h;
      component.blocks_high = frame_.units_high * component.v;
      blocks += static_cast<std::size_t>(ceil_div(component.width, kBlockSide)) * ceil_div(component.height, kBlockSide);
    }
    // Before memory is taken for them: each block needs a bit at least.
    if (blocks / 8 > bytes_.size())
      fail(ErrorKind::data, "truncated: ", bytes_.size(), " bytes are too few for ", frame_.width, "x", frame_.height, " pixels");
    for (JpegComponent& component : frame_.components) {
      const std::size_t held = static_cast<std::size_t>(component.blocks_wide) * component.blocks_high * kBlockSize;
      component.samples.resize(held);
      if (frame_.progressive) component.coefficients.resize(held);
    }
  }

  void read_scan(Content content) {
    constexpr int kMostScans = 200;
    if (frame_.components.empty()) fail(ErrorKind::data, "corrupt: a scan of the JPEG comes before its frame");
    const std::size_t members = content.empty() ? 0 : content[0];
    if (members < 1 || members > 4 || content.size() != 4 + 2 * members) fail_segment("scan");
    JpegScan scan;
    int blocks_in_unit = 0;
    for (std::size_t i = 0; i < members; ++i) {
      const int id = content[1 + 2 * i];
      const std::uint8_t codes = content[2 + 2 * i];
      std::size_t component = 0;
      while (component < frame_.components.size() && frame_.components[component].id != id) ++component;
      const bool in_order = scan.members.empty() || component > scan.members.back().component;
      if (component == frame_.components.size() || !in_order || codes >> 4 > 3 || (codes & 15) > 3) fail_segment("scan");
      scan.members.push_back({component, std::size_t{codes} >> 4, std::size_t{codes} & 15});
      blocks_in_unit += frame_.components[component].h * frame_.components[component].v;
    }
    if (members > 1 && blocks_in_unit > 10) fail_segment("scan");
    scan.first = content[1 + 2 * members];
    scan.last = content[2 + 2 * members];
    scan.refined_bit = content[3 + 2 * members] >> 4;
    scan.low_bit = content[3 + 2 * members] & 15;
    if (++scans_ > kMostScans) fail(ErrorKind::data, "a JPEG of more than ", kMostScans, " scans");
    at_ = decode_jpeg_scan(bytes_, at_, scan, tables_, frame_);
    behind_scan_ = true;
  }

  // As libjpeg tells them apart.
  JpegColours colours() const {
    const std::vector<JpegComponent>& components = frame_.components;
    if (components.size() == 1) return JpegColours::grey;
    constexpr int kNone = -1;
    if (components.size() == 4) {
      if (adobe_transform_ == kNone) fail(ErrorKind::data, "a JPEG of four components that does not say what they are; save it as RGB");
      if (adobe_transform_ != 0 && adobe_transform_ != 2)
        fail(ErrorKind::data, "a JPEG of four components in unknown colours; save it as RGB");
      return adobe_transform_ == 0 ? JpegColours::cmyk : JpegColours::ycck;
    }
    if (is_jfif_) return JpegColours::ycbcr;
    if (adobe_transform_ > 1) fail(ErrorKind::data, "a JPEG of three components in unknown colours; save it anew");
    if (adobe_transform_ != kNone) return adobe_transform_ == 0 ? JpegColours::rgb : JpegColours::ycbcr;
    const bool named = components[0].id == 'R' && components[1].id == 'G' && components[2].id == 'B';
    return named ? JpegColours::rgb : JpegColours::ycbcr;
  }

  Content bytes_;
  std::size_t at_ = 0;
  bool behind_scan_ = false;
  JpegFrame frame_;
  JpegTables tables_;
  int scans_ = 0;
  bool is_jfif_ = false;
  int adobe_transform_ = -1;  // -1: no such marker
  bool has_exif_ = false;
  int orientation_ = 1;
};

}  // namespace

DecodedImage decode_jpeg(std::span<const std::uint8_t> bytes) { return Reader(bytes).read(); }

}  // namespace pbgen
