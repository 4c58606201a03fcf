// The matcher's inner loops as WebAssembly SIMD: rows seen from a centre, a product of matrices, the scan of one block
// against another, and the exact distance. scalar_kernel.ts says the same in TypeScript; the tests hold both to a brute
// force.

import {
  blockRows,
  boxBytes,
  candidateBytes,
  frameBytes,
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
  f64x2,
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
  return assemble([centreFunction(), multiplyFunction(), scanFunction(), measureFunction()], isShared);
}

/**
 * centre(rows, frame, count, rowBytes): in place of each row what it is from the centre, in radii, drawn in to length 1.
 * In float64, as both are there to be subtracted; rowBytes is a multiple of 16.
 */
function centreFunction(): FunctionCode {
  const write = new FunctionWriter('centre', ['rows', 'frame', 'count', 'rowBytes']);
  const { rows, frame, count, rowBytes } = write.parameters;
  const { at, centre, end } = write.variables('i32', 'at', 'centre', 'end');
  const { low, high, lowSum, highSum, factor } = write.variables(
    'v128',
    'low',
    'high',
    'lowSum',
    'highSum',
    'factor',
  );
  const fromCentre = (offset: number) =>
    f64x2.subtract(
      f64x2.promoteLow(v128.load64Zero(at.get, offset)),
      v128.load(centre.get, frameBytes + 2 * offset),
    );
  const forFourCoordinates = (body: readonly Code[]) => [
    at.set(rows.get),
    centre.set(frame.get),
    repeatWhile(i32.less(at.get, end.get), [
      low.set(fromCentre(0)),
      high.set(fromCentre(8)),
      ...body,
      at.set(i32.add(at.get, constant(16))),
      centre.set(i32.add(centre.get, constant(32))),
    ]),
  ];
  const oneRow = [
    end.set(i32.add(rows.get, rowBytes.get)),
    lowSum.set(v128.zero),
    highSum.set(v128.zero),
    ...forFourCoordinates([
      lowSum.set(f64x2.add(lowSum.get, f64x2.multiply(low.get, low.get))),
      highSum.set(f64x2.add(highSum.get, f64x2.multiply(high.get, high.get))),
    ]),
    lowSum.set(f64x2.add(lowSum.get, highSum.get)),
    lowSum.set(f64x2.add(f64x2.lowerOf(lowSum.get, lowSum.get), f64x2.upperOf(lowSum.get, lowSum.get))),
    factor.set(
      f64x2.divide(
        v128.load(frame.get, vectorBytes),
        f64x2.max(v128.load(frame.get), f64x2.squareRoot(lowSum.get)),
      ),
    ),
    ...forFourCoordinates([
      v128.store(
        at.get,
        f64x2.lowerOf(
          f64x2.demote(f64x2.multiply(low.get, factor.get)),
          f64x2.demote(f64x2.multiply(high.get, factor.get)),
        ),
      ),
    ]),
    rows.set(end.get),
    count.set(i32.subtract(count.get, constant(1))),
  ];
  return write.finish([whileTrue(i32.greater(count.get, constant(0)), oneRow), constant(0)]);
}

/**
 * multiply(left, right, product, rows, inner, columns): product = left · right, float32 matrices row by row; rows a
 * multiple of 4, columns of 8. Four rows by eight columns at a time stay in registers.
 */
function multiplyFunction(): FunctionCode {
  const write = new FunctionWriter('multiply', ['left', 'right', 'product', 'rows', 'inner', 'columns']);
  const { left, right, product, rows, inner, columns } = write.parameters;
  const { row, column, from, to, at, stride, depth } = write.variables(
    'i32',
    'row',
    'column',
    'from',
    'to',
    'at',
    'stride',
    'depth',
  );
  const { low, high, factor } = write.variables('v128', 'low', 'high', 'factor');
  const sums = Array.from({ length: 4 }, () => ({
    low: write.variable('v128'),
    high: write.variable('v128'),
  }));
  const lefts = sums.map(() => write.variable('i32'));

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
  return write.finish([
    stride.set(i32.shiftLeft(columns.get, constant(2))),
    depth.set(i32.shiftLeft(inner.get, constant(2))),
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
  const write = new FunctionWriter('scan', ['from', 'to', 'block', 'part', 'room']);
  const { from, to, block, part, room } = write.parameters;
  // Where things lie, and from where on a pair is too far apart.
  const { lead, rest, leadNorms, restNorms, tail, tailBytes, box, leadLimit, headLimit } = write.variables(
    'i32',
    'lead',
    'rest',
    'leadNorms',
    'restNorms',
    'tail',
    'tailBytes',
    'box',
    'leadLimit',
    'headLimit',
  );
  // The row at hand: its group, which rows of that are near the box, and the groups it is compared with.
  const { a, groupOfA, near, normOfA, first, end, count } = write.variables(
    'i32',
    'a',
    'groupOfA',
    'near',
    'normOfA',
    'first',
    'end',
    'count',
  );
  const { group, at, norms, survivor, lastSurvivor, reading, tailOffset, mask, b } = write.variables(
    'i32',
    'group',
    'at',
    'norms',
    'survivor',
    'lastSurvivor',
    'reading',
    'tailOffset',
    'mask',
    'b',
  );
  const { sum, bar, values, differences, tailWeight, limit, normsOfA } = write.variables(
    'v128',
    'sum',
    'bar',
    'values',
    'differences',
    'tailWeight',
    'limit',
    'normsOfA',
  );
  const axesOfA = Array.from({ length: vectorsOfGroup }, () => write.variable('v128'));

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

  const survivors = i32.add(part.get, constant(scratch.survivors));
  const anyLane = (lanes: Code) => i32.notEqual(i32x4.bitmask(lanes), constant(0));
  /**
   * Writes a group down as the next survivor. That is done for every group, but the pointer moves on only past those
   * of which a lane survives, which saves a branch that no processor could foresee.
   */
  const writeSurvivor = (values: Code, isSurvivor: Code) => [
    v128.store(survivor.get, values),
    i32.store(survivor.get, group.get, vectorBytes),
    addTo(survivor, i32.shiftLeft(isSurvivor, constant(Math.log2(survivorBytes)))),
  ];
  const forEachSurvivor = (body: readonly Code[]) => [
    set(lastSurvivor, survivor.get),
    set(reading, survivors),
    set(survivor, survivors),
    whileTrue(i32.less(reading.get, lastSurvivor.get), [
      set(group, i32.load(reading.get, vectorBytes)),
      ...body,
      addTo(reading, constant(survivorBytes)),
    ]),
  ];

  const scanLead = [
    set(
      normOfA,
      i32.subtract(constant(0), i32.load(i32.add(leadNorms.get, i32.shiftLeft(a.get, constant(2))))),
    ),
    set(bar, i32x4.splat(i32.subtract(i32.subtract(normOfA.get, leadLimit.get), constant(1)))),
    ...spreadA(lead),
    set(survivor, survivors),
    set(group, first.get),
    set(at, groupAddress(lead, group)),
    set(norms, i32.add(leadNorms.get, i32.shiftLeft(group.get, constant(4)))),
    repeatWhile(i32.less(group.get, end.get), [
      set(sum, v128.load(norms.get)),
      ...addDots,
      ...writeSurvivor(sum.get, anyLane(i32x4.greater(sum.get, bar.get))),
      addTo(group, constant(1)),
      addTo(at, constant(groupBytes)),
      addTo(norms, constant(vectorBytes)),
    ]),
  ];

  // From here on a survivor's values are squared distances, as float32; NaN for the lanes that the head ruled out.
  const scanRest = [
    set(
      normOfA,
      i32.subtract(normOfA.get, i32.load(i32.add(restNorms.get, i32.shiftLeft(a.get, constant(2))))),
    ),
    set(bar, i32x4.splat(i32.subtract(i32.subtract(normOfA.get, headLimit.get), constant(1)))),
    set(normsOfA, i32x4.splat(normOfA.get)),
    ...spreadA(rest),
    ...forEachSurvivor([
      set(at, groupAddress(rest, group)),
      set(
        sum,
        i32x4.add(
          v128.load(reading.get),
          v128.load(i32.add(restNorms.get, i32.shiftLeft(group.get, constant(4)))),
        ),
      ),
      ...addDots,
      set(values, i32x4.greater(sum.get, bar.get)),
      ...writeSurvivor(
        v128.or(f32x4.fromInt32(i32x4.subtract(normsOfA.get, sum.get)), i32x4.lessOrEqual(sum.get, bar.get)),
        anyLane(values.get),
      ),
    ]),
  ];

  const tailGroup = (index: Local) =>
    i32.add(
      tail.get,
      i32.add(i32.multiply(index.get, i32.shiftLeft(tailBytes.get, constant(2))), tailOffset.get),
    );
  const scanSixteenOfTail = [
    set(
      at,
      i32.add(tailGroup(groupOfA), i32.shiftLeft(i32.and(a.get, constant(groupRows - 1)), constant(1))),
    ),
    ...axesOfA.map((axes, i) => set(axes, i16x8.extendLowInt8(v128.load16Splat(at.get, i * 8)))),
    ...forEachSurvivor([
      set(at, tailGroup(group)),
      set(sum, v128.zero),
      ...axesOfA.flatMap((axes, i) => {
        const extend = i % 2 === 0 ? i16x8.extendLowInt8 : i16x8.extendHighInt8;
        return [
          ...(i % 2 === 0 ? [set(values, v128.load(at.get, (i / 2) * vectorBytes))] : []),
          set(differences, i16x8.subtract(axes.get, extend(values.get))),
          addDot(differences.get, differences.get),
        ];
      }),
      set(
        values,
        f32x4.add(v128.load(reading.get), f32x4.multiply(f32x4.fromInt32(sum.get), tailWeight.get)),
      ),
      ...writeSurvivor(values.get, anyLane(f32x4.lessOrEqual(values.get, limit.get))),
    ]),
    addTo(tailOffset, constant(groupRows * vectorBytes)),
  ];

  const writeCandidates = forEachSurvivor([
    set(mask, i32x4.bitmask(f32x4.lessOrEqual(v128.load(reading.get), limit.get))),
    whileTrue(mask.get, [
      set(b, i32.add(i32.shiftLeft(group.get, constant(Math.log2(groupRows))), i32.trailingZeros(mask.get))),
      when(i32.greater(b.get, a.get), [
        set(
          at,
          i32.add(
            i32.add(part.get, constant(scratch.candidates)),
            i32.multiply(count.get, constant(candidateBytes)),
          ),
        ),
        i32.store(at.get, a.get),
        i32.store(at.get, b.get, 4),
        addTo(count, constant(1)),
      ]),
      set(mask, i32.and(mask.get, i32.subtract(mask.get, constant(1)))),
    ]),
  ]);

  const judgeSurvivors = [
    ...scanRest,
    set(tailOffset, constant(0)),
    whileTrue(i32.less(tailOffset.get, i32.shiftLeft(tailBytes.get, constant(2))), scanSixteenOfTail),
    ...writeCandidates,
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

  return write.finish([
    readHeader(lead, header.lead),
    readHeader(rest, header.rest),
    readHeader(leadNorms, header.leadNorms),
    readHeader(restNorms, header.restNorms),
    readHeader(tail, header.tail),
    readHeader(tailBytes, header.tailBytes),
    readHeader(leadLimit, header.leadLimit),
    readHeader(headLimit, header.headLimit),
    set(tailWeight, v128.load32Splat(constant(0), header.tailWeight)),
    set(limit, v128.load32Splat(constant(0), header.limit)),
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

/**
 * measure(pairs, distances, count, rowBytes): the distances of pairs of rows, given by their addresses; count is a
 * multiple of 4, rowBytes of 32. Each sum runs in order, as it must; four run abreast, two in a vector.
 */
function measureFunction(): FunctionCode {
  const write = new FunctionWriter('measure', ['pairs', 'distances', 'count', 'rowBytes']);
  const { pairs, distances, count, rowBytes } = write.parameters;
  const end = write.variable('i32');
  const rows = Array.from({ length: 4 }, () => ({ a: write.variable('i32'), b: write.variable('i32') }));
  const squares = rows.map(() => write.variable('v128'));
  const { sumOfTwo, sumOfOthers } = write.variables('v128', 'sumOfTwo', 'sumOfOthers');
  const firstRow = (rows[0] as { a: Local }).a;
  const advance = (variable: Local, bytes: number) => variable.set(i32.add(variable.get, constant(bytes)));

  const twoCoordinates = (offset: number) => [
    ...rows.flatMap(({ a, b }, i) => {
      const square = squares[i] as Local;
      const read = (row: Local) => f64x2.promoteLow(v128.load64Zero(row.get, offset));
      return [
        square.set(f64x2.subtract(read(a), read(b))),
        square.set(f64x2.multiply(square.get, square.get)),
      ];
    }),
    ...[f64x2.lowerOf, f64x2.upperOf].flatMap((half) => {
      const halves = (left: number) => half((squares[left] as Local).get, (squares[left + 1] as Local).get);
      return [
        sumOfTwo.set(f64x2.add(sumOfTwo.get, halves(0))),
        sumOfOthers.set(f64x2.add(sumOfOthers.get, halves(2))),
      ];
    }),
  ];
  const fourPairs = [
    ...rows.flatMap(({ a, b }, i) => [
      a.set(i32.load(pairs.get, 8 * i)),
      b.set(i32.load(pairs.get, 8 * i + 4)),
    ]),
    sumOfTwo.set(v128.zero),
    sumOfOthers.set(v128.zero),
    end.set(i32.add(firstRow.get, rowBytes.get)),
    repeatWhile(i32.less(firstRow.get, end.get), [
      ...[0, 8, 16, 24].flatMap(twoCoordinates),
      ...rows.flatMap(({ a, b }) => [advance(a, 32), advance(b, 32)]),
    ]),
    v128.store(distances.get, f64x2.squareRoot(sumOfTwo.get)),
    v128.store(distances.get, f64x2.squareRoot(sumOfOthers.get), vectorBytes),
    advance(pairs, 32),
    advance(distances, 32),
    count.set(i32.subtract(count.get, constant(4))),
  ];
  return write.finish([repeatWhile(i32.greater(count.get, constant(0)), fourPairs), constant(0)]);
}
