/** The public entry for OpenTelemetry: what memory does as spans of the tracer that the program has already. */
export { type ErrorCode, MemoryError } from '../../domain/error.ts'
export { type TraceMemoryOptions, type TracerLike, traceMemory } from './trace-memory.ts'
