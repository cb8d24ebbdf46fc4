/** The public test kit: what a driver's or an application's own tests need. */
export { MemoryError } from '../domain/error.ts'
