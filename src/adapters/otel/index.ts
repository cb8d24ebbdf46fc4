/** The public entry for OpenTelemetry: spans of memory's operations, with the program's own tracer. */
export { type ErrorCode, MemoryError } from '../../domain/error.ts'
export { type TraceMemoryOptions, type TracerLike, traceMemory } from './trace-memory.ts'
