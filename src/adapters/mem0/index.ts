/** The public entry for programs that were written for Mem0: the same names over shared memory. */
export { type ErrorCode, MemoryError } from '../../domain/error.ts'
export type { MemoryOptions } from '../../memory/options/options.ts'
export type { Mem0Added, Mem0Found, Mem0Memory, Mem0Step } from './answers.ts'
export type { Mem0Ids } from './calls.ts'
export type { Mem0Config, Mem0Options, Mem0Provider } from './config.ts'
export {
  type Mem0AddOptions,
  type Mem0DeleteOptions,
  type Mem0ListOptions,
  type Mem0Message,
  type Mem0SearchOptions,
  Memory,
} from './memory.ts'
