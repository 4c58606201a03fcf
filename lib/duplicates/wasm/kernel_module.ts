// The matcher's two inner loops as WebAssembly SIMD: a product of matrices, and the scan of one block against another.
// scalar_kernel.ts says the same in TypeScript, line for line; the tests hold the one to the other.

import {
  blockRows,
  boxBytes,
  candidateBytes,
  groupBytes,
  groupRows,
  header,
  leadAxes,
  scratch,
  survivorBytes,
} from '../layout.js';
import {
  assemble,
  type Code,
  f32x4,
  f64,
  FunctionWriter,
  type FunctionCode,
  i16x8,
  i32,
  i32x4,
  leave,
  type Local,
  repeatWhile,
  v128,
  when,
  whileTrue,
} from './assembler.js';

const vectorBytes = 16;
/** Two axes of a group's rows fill a vector. */
const vectorsOfGroup = leadAxes / 2;
const { constant } = i32;

export function assembleKernel(isShared: boolean): Uint8Array<ArrayBuffer> {
  return assemble([multiplyFunction(), scanFunction()], isShared);
}

/**
 * multiply(left, right, product, rows, inner, columns): product = left · right, float32 matrices row by row; rows a
 * multiple of 4, columns of 8. Four rows by eight columns at a time stay in registers.
 */
function multiplyFunction(): FunctionCode {
  const write = new FunctionWriter(['i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const [left, right, product, rows, inner, columns] = [0, 1, 2, 3, 4, 5].map((i) => write.parameter(i)) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const [row, column, step, from, to, at, stride, depth] = Array.from({ length: 8 }, () =>
    write.local('i32'),
  ) as [Local, Local, Local, Local, Local, Local, Local, Local];
  const [low, high] = [write.local('v128'), write.local('v128')];
  const sums = Array.from({ length: 4 }, () => ({ low: write.local('v128'), high: write.local('v128') }));
  const factor = write.local('v128');
  const lefts = sums.map(() => write.local('i32'));

  const multiplyAdd = (sum: Local, side: Local) =>
    sum.set(f32x4.add(sum.get, f32x4.multiply(factor.get, side.get)));
  const oneStep = [
    low.set(v128.load(at.get)),
    high.set(v128.load(at.get, vectorBytes)),
    ...sums.flatMap((sum, i) => {
      const address = lefts[i] as Local;
      return [
        factor.set(v128.load32Splat(i32.add(address.get, from.get))),
        multiplyAdd(sum.low, low),
        multiplyAdd(sum.high, high),
      ];
    }),
    at.set(i32.add(at.get, stride.get)),
    from.set(i32.add(from.get, constant(4))),
  ];
  const oneTile = [
    ...sums.flatMap((sum) => [sum.low.set(v128.zero), sum.high.set(v128.zero)]),
    from.set(constant(0)),
    at.set(i32.add(right.get, i32.shiftLeft(column.get, constant(2)))),
    repeatWhile(i32.less(from.get, depth.get), oneStep),
    to.set(
      i32.add(
        product.get,
        i32.shiftLeft(i32.add(i32.multiply(row.get, columns.get), column.get), constant(2)),
      ),
    ),
    ...sums.flatMap((sum) => [
      v128.store(to.get, sum.low.get),
      v128.store(to.get, sum.high.get, vectorBytes),
      to.set(i32.add(to.get, stride.get)),
    ]),
    column.set(i32.add(column.get, constant(8))),
  ];
  const fourRows = [
    ...lefts.flatMap((address, i) => [
      address.set(i32.add(left.get, i32.multiply(i32.add(row.get, constant(i)), depth.get))),
    ]),
    column.set(constant(0)),
    repeatWhile(i32.less(column.get, columns.get), oneTile),
    row.set(i32.add(row.get, constant(4))),
  ];
  return write.finish('multiply', [
    stride.set(i32.shiftLeft(columns.get, constant(2))),
    depth.set(i32.shiftLeft(inner.get, constant(2))),
    step.set(constant(0)),
    row.set(constant(0)),
    repeatWhile(i32.less(row.get, rows.get), fourRows),
    constant(0),
  ]);
}

/**
 * scan(from, to, block, part, room): adds to the candidates of the thread's part every pair of a row at the positions
 * from … to − 1, which lie in one block, with a row of `block` at a later position, unless the sketch shows it to be
 * too far. Answers with the first position that was not dealt with, for want of room; `to` when all were.
 */
function scanFunction(): FunctionCode {
  const write = new FunctionWriter(['i32', 'i32', 'i32', 'i32', 'i32']);
  const [from, to, block, part, room] = [0, 1, 2, 3, 4].map((i) => write.parameter(i)) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const local = () => write.local('i32');
  const [lead, rest, leadNorms, restNorms, tail, tailBytes] = [
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
  ];
  const [box, count, a, groupOfA, near, first, end] = [
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
  ];
  const [group, at, norms, survivor, lastSurvivor, mask, b] = [
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
  ];
  const [leadLimit, headLimit, normOfA, tailA, tailB, tailEnd, candidate, sumOfPair] = [
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
  ];
  const [tailWeight, limit] = [write.local('f64'), write.local('f64')];
  const sum = write.local('v128');
  const bar = write.local('v128');
  const [values, otherValues] = [write.local('v128'), write.local('v128')];
  const axesOfA = Array.from({ length: vectorsOfGroup }, () => write.local('v128'));

  const set = (variable: Local, value: Code) => variable.set(value);
  const addTo = (variable: Local, value: Code) => variable.set(i32.add(variable.get, value));
  const groupAddress = (base: Local, index: Local) =>
    i32.add(base.get, i32.multiply(index.get, constant(groupBytes)));
  const readHeader = (variable: Local, offset: number) => set(variable, i32.load(constant(0), offset));
  const addDot = (left: Code, right: Code) => set(sum, i32x4.add(sum.get, i32x4.dotInt16(left, right)));

  /** Four rows of A against the box of the block: the squared gap between them, on the axes of the lead. */
  const gapsToBox = [
    set(at, groupAddress(lead, groupOfA)),
    set(sum, v128.zero),
    ...Array.from({ length: vectorsOfGroup }, (_, i) => [
      set(values, v128.load(at.get, i * vectorBytes)),
      set(
        values,
        i16x8.max(
          v128.zero,
          i16x8.max(
            i16x8.subtract(v128.load32Splat(box.get, i * 4), values.get),
            i16x8.subtract(values.get, v128.load32Splat(box.get, boxBytes / 2 + i * 4)),
          ),
        ),
      ),
      addDot(values.get, values.get),
    ]).flat(),
    set(near, i32x4.bitmask(i32x4.greater(i32x4.splat(i32.add(leadLimit.get, constant(1))), sum.get))),
  ];

  /** Twice the coordinates of row a, two axes in each vector, for 2a·b − b·b > a·a − limit. */
  const spreadA = (base: Local) => [
    set(
      at,
      i32.add(
        groupAddress(base, groupOfA),
        i32.shiftLeft(i32.and(a.get, constant(groupRows - 1)), constant(2)),
      ),
    ),
    ...axesOfA.map((axes, i) =>
      set(axes, i16x8.shiftLeft(v128.load32Splat(at.get, i * vectorBytes), constant(1))),
    ),
  ];

  const addDots = axesOfA.map((axes, i) => addDot(axes.get, v128.load(at.get, i * vectorBytes)));

  // Every group is written down; the pointer moves on only past those that survive, which saves a branch that no
  // processor could foresee.
  const scanLead = [
    set(
      normOfA,
      i32.subtract(constant(0), i32.load(i32.add(leadNorms.get, i32.shiftLeft(a.get, constant(2))))),
    ),
    set(bar, i32x4.splat(i32.subtract(i32.subtract(normOfA.get, leadLimit.get), constant(1)))),
    ...spreadA(lead),
    set(survivor, i32.add(part.get, constant(scratch.survivors))),
    set(group, first.get),
    set(at, groupAddress(lead, group)),
    set(norms, i32.add(leadNorms.get, i32.shiftLeft(group.get, constant(4)))),
    repeatWhile(i32.less(group.get, end.get), [
      set(sum, v128.load(norms.get)),
      ...addDots,
      v128.store(survivor.get, sum.get),
      i32.store(survivor.get, group.get, vectorBytes),
      addTo(
        survivor,
        i32.shiftLeft(
          i32.notEqual(i32x4.bitmask(i32x4.greater(sum.get, bar.get)), constant(0)),
          constant(Math.log2(survivorBytes)),
        ),
      ),
      addTo(group, constant(1)),
      addTo(at, constant(groupBytes)),
      addTo(norms, constant(vectorBytes)),
    ]),
  ];

  const addTailDots = (extend: (value: Code) => Code) => {
    return [
      set(otherValues, i16x8.subtract(extend(v128.load(tailA.get)), extend(v128.load(tailB.get)))),
      addDot(otherValues.get, otherValues.get),
    ];
  };
  const tailAddress = (row: Local) => i32.add(tail.get, i32.multiply(row.get, tailBytes.get));
  const totalOf = (vector: Local) =>
    [1, 2, 3].reduce(
      (total, lane) => i32.add(total, i32x4.lane(vector.get, lane)),
      i32x4.lane(vector.get, 0),
    );
  const judgePair = [
    set(tailA, tailAddress(a)),
    set(tailB, tailAddress(b)),
    set(tailEnd, i32.add(tailA.get, tailBytes.get)),
    set(sum, v128.zero),
    whileTrue(i32.less(tailA.get, tailEnd.get), [
      ...addTailDots(i16x8.extendLowInt8),
      ...addTailDots(i16x8.extendHighInt8),
      addTo(tailA, constant(vectorBytes)),
      addTo(tailB, constant(vectorBytes)),
    ]),
    when(
      f64.lessOrEqual(
        f64.add(f64.fromInt32(sumOfPair.get), f64.multiply(f64.fromInt32(totalOf(sum)), tailWeight.get)),
        limit.get,
      ),
      [
        set(
          candidate,
          i32.add(
            i32.add(part.get, constant(scratch.candidates)),
            i32.multiply(count.get, constant(candidateBytes)),
          ),
        ),
        i32.store(candidate.get, a.get),
        i32.store(candidate.get, b.get, 4),
        addTo(count, constant(1)),
      ],
    ),
  ];

  const judgeSurvivors = [
    set(
      normOfA,
      i32.subtract(normOfA.get, i32.load(i32.add(restNorms.get, i32.shiftLeft(a.get, constant(2))))),
    ),
    set(bar, i32x4.splat(i32.subtract(i32.subtract(normOfA.get, headLimit.get), constant(1)))),
    ...spreadA(rest),
    set(lastSurvivor, survivor.get),
    set(survivor, i32.add(part.get, constant(scratch.survivors))),
    repeatWhile(i32.less(survivor.get, lastSurvivor.get), [
      set(group, i32.load(survivor.get, vectorBytes)),
      set(at, groupAddress(rest, group)),
      set(
        sum,
        i32x4.add(
          v128.load(survivor.get),
          v128.load(i32.add(restNorms.get, i32.shiftLeft(group.get, constant(4)))),
        ),
      ),
      ...addDots,
      set(mask, i32x4.bitmask(i32x4.greater(sum.get, bar.get))),
      v128.store(survivor.get, sum.get),
      whileTrue(mask.get, [
        set(at, i32.trailingZeros(mask.get)),
        set(b, i32.add(i32.shiftLeft(group.get, constant(Math.log2(groupRows))), at.get)),
        set(
          sumOfPair,
          i32.subtract(normOfA.get, i32.load(i32.add(survivor.get, i32.shiftLeft(at.get, constant(2))))),
        ),
        when(i32.greater(b.get, a.get), judgePair),
        set(mask, i32.and(mask.get, i32.subtract(mask.get, constant(1)))),
      ]),
      addTo(survivor, constant(survivorBytes)),
    ]),
  ];

  const oneRow = [
    // Within one block, rows at earlier positions have had their turn.
    set(first, i32.multiply(block.get, constant(blockRows / groupRows))),
    set(end, i32.add(first.get, constant(blockRows / groupRows))),
    when(i32.greater(groupOfA.get, first.get), [
      when(i32.less(groupOfA.get, end.get), [set(first, groupOfA.get)]),
    ]),
    ...scanLead,
    when(i32.greater(survivor.get, i32.add(part.get, constant(scratch.survivors))), judgeSurvivors),
  ];

  return write.finish('scan', [
    readHeader(lead, header.lead),
    readHeader(rest, header.rest),
    readHeader(leadNorms, header.leadNorms),
    readHeader(restNorms, header.restNorms),
    readHeader(tail, header.tail),
    readHeader(tailBytes, header.tailBytes),
    readHeader(leadLimit, header.leadLimit),
    readHeader(headLimit, header.headLimit),
    set(tailWeight, f64.load(constant(0), header.tailWeight)),
    set(limit, f64.load(constant(0), header.limit)),
    set(box, i32.add(i32.load(constant(0), header.boxes), i32.multiply(block.get, constant(boxBytes)))),
    set(count, i32.load(part.get, scratch.count)),
    set(a, from.get),
    set(groupOfA, constant(-1)),
    repeatWhile(i32.less(a.get, to.get), [
      when(i32.greater(i32.add(count.get, constant(blockRows)), room.get), [
        i32.store(part.get, count.get, scratch.count),
        leave(a.get),
      ]),
      when(i32.notEqual(groupOfA.get, i32.shiftRight(a.get, constant(Math.log2(groupRows)))), [
        set(groupOfA, i32.shiftRight(a.get, constant(Math.log2(groupRows)))),
        ...gapsToBox,
      ]),
      when(i32.and(i32.shiftRight(near.get, i32.and(a.get, constant(groupRows - 1))), constant(1)), oneRow),
      addTo(a, constant(1)),
    ]),
    i32.store(part.get, count.get, scratch.count),
    to.get,
  ]);
}
