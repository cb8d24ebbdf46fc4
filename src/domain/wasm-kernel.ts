/** Kernels in WebAssembly with vectors of 128 bits, from their checked-in bytes. */

/** The part of the `WebAssembly` global that is used here; absent where Node runs without a compiler. */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
  validate(bytes: Uint8Array): boolean
}

/** The memory that a kernel exports. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** Bytes of a page, of which a kernel's memory has a whole number. */
export const kernelPageBytes = 64 * 1024

/**
 * What a kernel exports, with a memory of its own.
 *
 * @param module Its bytes, in base64.
 * @returns Null without a compiler (`node --jitless`) or without vectors of 128 bits.
 */
export function loadKernel<Exports>(module: string): Exports | null {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyGlobal }
  const bytes = new Uint8Array(Buffer.from(module, 'base64'))
  if (WebAssembly === undefined || !WebAssembly.validate(bytes)) return null
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports
}
