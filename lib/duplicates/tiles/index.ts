// The same search in parts, for many processes: blocks of faces, sketched along axes that all share, compared two by two.
//
// A block of faces holds thousands of rows, and a tile is two of them; within a tile the search goes on as ever, in
// blocks and tiles of 128 rows.

export {
  type BlockRange,
  blockOf,
  type FaceBlock,
  packBlock,
  planBlocks,
  unpackBlock,
} from './face_block.js';
export { KeptBlocks } from './kept_blocks.js';
export { matchTile, type MatchTileOptions } from './match_tile.js';
export { mergeTilePairs, type MergeTilesOptions, type TilePairs } from './merge_tiles.js';
export { planTiles, type PlanTilesOptions, type Tile } from './plan_tiles.js';
export {
  axesOfRun,
  type BlockSample,
  packAxes,
  planSample,
  type RunAxes,
  type RunAxesOptions,
  unpackAxes,
} from './run_axes.js';
export { type SketchedBlock, sketchBlock } from './sketched_block.js';
