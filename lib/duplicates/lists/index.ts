// The search past exactness: faces are gathered in lists, and pairs passed over that lie too far from the border between
// two lists. What is found is found at its true distance; of pairs nearer than the reach none is missed.

export {
  Dealer,
  type DealerOptions,
  type DealtBlock,
  joinDealt,
  type NumberedPhoto,
  pairsByRecord,
} from './dealer.js';
export {
  type FaceLists,
  type FaceListsOptions,
  listsOf,
  packLists,
  sampleRowsOfList,
  unpackLists,
} from './face_lists.js';
export { homesOf } from './homes.js';
export { type BlockOfList, matchLists, type MatchListsOptions } from './match_lists.js';
