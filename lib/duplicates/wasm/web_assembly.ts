// The few names of WebAssembly that the matcher uses: TypeScript has them only among those of the browser.

declare const moduleBrand: unique symbol;

/** Compiled code; threads may share it. */
export interface WasmModule {
  readonly [moduleBrand]: never;
}

export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}

export interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Memory: new (size: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly host: { readonly memory: WasmMemory } },
  ) => { readonly exports: unknown };
}

export interface WithWebAssembly {
  /** Missing where it is forbidden. */
  readonly WebAssembly?: WebAssemblyApi;
}
