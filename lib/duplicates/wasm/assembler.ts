// A WebAssembly assembler, no larger than the matcher's kernel needs: instructions are functions from code to code.

/** Machine code that leaves a value on the stack, or none. */
export type Code = readonly number[];

export type ValueType = 'i32' | 'v128';

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, v128: 0x7b };
const noResult = 0x40;
const simd = 0xfd;

/** LEB128, as WebAssembly writes whole numbers. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  do {
    const more = rest > 0x7f;
    bytes.push((rest & 0x7f) | (more ? 0x80 : 0));
    rest >>>= 7;
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): Code {
  return vector([...value].map((character) => [character.charCodeAt(0)]));
}

/** A variable of a function. */
export interface Local {
  readonly type: ValueType;
  readonly get: Code;
  set(value: Code): Code;
}

export type Unary = (value: Code) => Code;
export type Binary = (left: Code, right: Code) => Code;
export type Load = (address: Code, offset?: number) => Code;
export type Store = (address: Code, value: Code, offset?: number) => Code;

const unary =
  (...opcode: number[]): Unary =>
  (value) => [...value, ...opcode];
const binary =
  (...opcode: number[]): Binary =>
  (left, right) => [...left, ...right, ...opcode];
/** Alignment is a mere hint, and 0 is always true. */
const load =
  (...opcode: number[]): Load =>
  (address, offset = 0) => [...address, ...opcode, 0, ...unsigned(offset)];
const store =
  (...opcode: number[]): Store =>
  (address, value, offset = 0) => [...address, ...value, ...opcode, 0, ...unsigned(offset)];
const vectorOpcode = (code: number) => [simd, ...unsigned(code)];

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  load: load(0x28),
  store: store(0x36),
  add: binary(0x6a),
  subtract: binary(0x6b),
  multiply: binary(0x6c),
  and: binary(0x71),
  shiftLeft: binary(0x74),
  shiftRight: binary(0x76),
  trailingZeros: unary(0x68),
  isZero: unary(0x45),
  notEqual: binary(0x47),
  less: binary(0x48),
  greater: binary(0x4a),
  greaterOrEqual: binary(0x4e),
} as const;

export const v128 = {
  load: load(...vectorOpcode(0x00)),
  load16Splat: load(...vectorOpcode(0x08)),
  load32Splat: load(...vectorOpcode(0x09)),
  /** Eight bytes into the lower half; the upper one is 0. */
  load64Zero: load(...vectorOpcode(0x5d)),
  store: store(...vectorOpcode(0x0b)),
  or: binary(...vectorOpcode(0x50)),
  zero: [...vectorOpcode(0x0c), ...new Array<number>(16).fill(0)] as Code,
} as const;

export const i16x8 = {
  extendLowInt8: unary(...vectorOpcode(0x87)),
  extendHighInt8: unary(...vectorOpcode(0x88)),
  shiftLeft: binary(...vectorOpcode(0x8b)),
  subtract: binary(...vectorOpcode(0x91)),
  max: binary(...vectorOpcode(0x98)),
} as const;

export const i32x4 = {
  splat: unary(...vectorOpcode(0x11)),
  greater: binary(...vectorOpcode(0x3b)),
  lessOrEqual: binary(...vectorOpcode(0x3d)),
  bitmask: unary(...vectorOpcode(0xa4)),
  add: binary(...vectorOpcode(0xae)),
  subtract: binary(...vectorOpcode(0xb1)),
  /** Products of eight int16 lanes with eight others, neighbours added: four int32. */
  dotInt16: binary(...vectorOpcode(0xba)),
} as const;

const laneBytes = (left: number, right: number) =>
  [left, right].flatMap((lane) => Array.from({ length: 8 }, (_, byte) => lane * 8 + byte));

export const f64x2 = {
  /** The two lower float32 lanes, as float64. */
  promoteLow: unary(...vectorOpcode(0x5f)),
  squareRoot: unary(...vectorOpcode(0xef)),
  add: binary(...vectorOpcode(0xf0)),
  subtract: binary(...vectorOpcode(0xf1)),
  multiply: binary(...vectorOpcode(0xf2)),
  divide: binary(...vectorOpcode(0xf3)),
  max: binary(...vectorOpcode(0xf5)),
  /** As float32 in the two lower lanes; the upper ones are 0. */
  demote: unary(...vectorOpcode(0x5e)),
  /** The lower lanes of two vectors, and their upper ones. */
  lowerOf: binary(...vectorOpcode(0x0d), ...laneBytes(0, 2)),
  upperOf: binary(...vectorOpcode(0x0d), ...laneBytes(1, 3)),
} as const;

export const f32x4 = {
  fromInt32: unary(...vectorOpcode(0xfa)),
  lessOrEqual: binary(...vectorOpcode(0x45)),
  add: binary(...vectorOpcode(0xe4)),
  multiply: binary(...vectorOpcode(0xe6)),
} as const;

/** Runs the body again and again as long as the condition holds at its end; at least once. */
export function repeatWhile(condition: Code, body: readonly Code[]): Code {
  return [0x03, noResult, ...body.flat(), ...condition, 0x0d, 0, 0x0b];
}

/** Runs the body as long as the condition holds before it. */
export function whileTrue(condition: Code, body: readonly Code[]): Code {
  return when(condition, [repeatWhile(condition, body)]);
}

export function when(condition: Code, body: readonly Code[]): Code {
  return [...condition, 0x04, noResult, ...body.flat(), 0x0b];
}

export const leave = (value: Code): Code => [...value, 0x0f];

/** Writes one function: its parameters first, then the variables it asks for. */
export class FunctionWriter<Parameter extends string> {
  /** All int32, in order. */
  readonly parameters: Readonly<Record<Parameter, Local>>;
  private readonly locals: ValueType[] = [];

  constructor(
    private readonly name: string,
    private readonly parameterNames: readonly Parameter[],
  ) {
    this.parameters = byName(parameterNames, (index) => localAt(index, 'i32'));
  }

  /** Variables of one type. */
  variables<Name extends string>(type: ValueType, ...names: readonly Name[]): Readonly<Record<Name, Local>> {
    return byName(names, () => this.variable(type));
  }

  variable(type: ValueType): Local {
    this.locals.push(type);
    return localAt(this.parameterNames.length + this.locals.length - 1, type);
  }

  /** The body answers with an int32. */
  finish(body: readonly Code[]): FunctionCode {
    return {
      name: this.name,
      parameters: this.parameterNames.length,
      locals: this.locals,
      body: body.flat(),
    };
  }
}

function byName<Name extends string>(
  names: readonly Name[],
  make: (index: number) => Local,
): Readonly<Record<Name, Local>> {
  return Object.fromEntries(names.map((name, index) => [name, make(index)])) as Record<Name, Local>;
}

function localAt(index: number, type: ValueType): Local {
  return {
    type,
    get: [0x20, ...unsigned(index)],
    set: (value) => [...value, 0x21, ...unsigned(index)],
  };
}

export interface FunctionCode {
  readonly name: string;
  /** How many int32 it takes. */
  readonly parameters: number;
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/**
 * A module of functions that work on the memory they are given as `memory` of the import `host`.
 *
 * @param isShared whether that memory is one that threads share.
 */
export function assemble(functions: readonly FunctionCode[], isShared: boolean): Uint8Array<ArrayBuffer> {
  const section = (id: number, items: readonly Code[]): Code => {
    const content = vector(items);
    return [id, ...unsigned(content.length), ...content];
  };
  const types = functions.map(({ parameters }): Code => {
    return [0x60, ...vector(Array.from({ length: parameters }, () => [typeCodes.i32])), 1, typeCodes.i32];
  });
  const pages: Code = isShared ? [3, 0, ...unsigned(65_536)] : [0, 0];
  const bodies = functions.map(({ locals, body }): Code => {
    const code = [...vector(locals.map((type) => [1, typeCodes[type]])), ...body, 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [[...text('host'), ...text('memory'), 0x02, ...pages]]),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]),
    ),
    ...section(10, bodies),
  ]);
}
