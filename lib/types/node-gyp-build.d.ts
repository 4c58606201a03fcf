// What we use of node-gyp-build, which ships no types.
declare module 'node-gyp-build' {
  /** Finds the addon below `directory` (prebuilds, build/Release) and loads it. */
  export default function load(directory: string): unknown;
}
