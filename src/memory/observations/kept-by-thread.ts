/** What a process keeps of threads between turns, such as counts. It may be lost at any time. */
import type { ThreadState } from '../../domain/records/thread.ts'
import type { Door } from '../door/door.ts'
import type { MemoryStorage } from '../storage/memory-storage.ts'

/** Threads of one storage of which something is kept. */
const mostKept = 1_000

/** One value for each thread. Those that were set last are kept, 1,000 for each storage. */
export class KeptByThread<Value> {
  readonly #kept = new WeakMap<MemoryStorage, Map<string, Value>>()

  get({ core, id }: Door, { createdSeq }: ThreadState): Value | undefined {
    return this.#kept.get(core.storage)?.get(`${createdSeq}/${id}`)
  }

  set({ core, id }: Door, { createdSeq }: ThreadState, value: Value): void {
    const values = this.#kept.get(core.storage) ?? new Map<string, Value>()
    this.#kept.set(core.storage, values)
    const name = `${createdSeq}/${id}`
    values.delete(name)
    values.set(name, value)
    for (const oldest of values.keys()) {
      if (values.size <= mostKept) break
      values.delete(oldest)
    }
  }
}
