/** A process of its own: clears the unused bytes of a database file. Its arguments are the path and how long to wait. */
import { listenTo } from '../../../domain/detached.ts'
import { isLocked, type ScrubOptions, scrub } from './scrub.ts'

/** Its answer: whether it is done, or the error. */
export type ScrubAnswer =
  | { readonly isThrough: boolean }
  | { readonly message: string; readonly errcode: number | null }

/** Ends without closing anything: the last connection to close a file would remove the log, and drop locks. */
function end(): void {
  process.kill(process.pid, 'SIGKILL')
}

async function answer(options: ScrubOptions): Promise<ScrubAnswer> {
  try {
    return { isThrough: await scrub(options) }
  } catch (error) {
    if (isLocked(error)) return { isThrough: false }
    const { message, errcode } = error as Error & { errcode?: unknown }
    return { message, errcode: typeof errcode === 'number' ? errcode : null }
  }
}

// The process that asked is gone: the receipts stay pending, and the next one that opens the file asks again.
listenTo(process, 'disconnect', end, end)
const [, , path = '', waitMs] = process.argv
process.send?.(await answer({ path, waitMs: Number(waitMs) }), end)
