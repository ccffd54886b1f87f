#include <array>

#include "tools/lib/paper/piece.h"

namespace pbgen {

std::span<const Piece* const> pieces() {
  static constexpr std::array kAll{
      &kBinarizationErrorPiece,
      &kRedundancyPiece,
      &kSavingsPiece,
      &kSettingsPiece,
      &kChannelsPiece,
      &kCompetitionPiece,
      &kExhaustivePiece,
      &kLinearLayerPiece,
      &kDiscriminatorLayersPiece,
      &kDeconvScalePiece,
      &kRecipePiece,
      &kSamplingPiece,
      &kEdgePiece,
      &kWganPiece,
  };
  return kAll;
}

}  // namespace pbgen
