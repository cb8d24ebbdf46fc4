/** Writes 0 over every byte of a file that nothing uses, while nobody else writes into the file itself. */
import { clearPage, isBtreePage, MalformedPage, type Overflow } from './page.ts'
import type { FreePages, RawFile } from './raw-file.ts'

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false
  return true
}

/** Pages of one state of the file. Make a new one whenever the file may have changed. */
export class PageClearer {
  readonly #file: RawFile
  readonly #free: FreePages
  readonly #count: number

  constructor(file: RawFile) {
    this.#file = file
    this.#free = file.freePages()
    this.#count = file.pageCount()
  }

  /** Clears one page that was read, and the ends of the chains that begin in it. Page 1 holds nothing but the schema. */
  clear(page: number, bytes: Uint8Array): void {
    if (page === 1 || this.#file.isLockPage(page)) return
    const usedBytes = this.#usedBytes(page)
    if (usedBytes !== null) this.#clearFrom(page, bytes, usedBytes)
    else if (isBtreePage(bytes)) {
      const { isChanged, overflows } = clearPage(bytes, this.#file.form.usable)
      if (isChanged) this.#file.write(page, bytes)
      for (const overflow of overflows) this.#clearChain(overflow)
    }
  }

  /** How many bytes of a free page are in use; null for other pages. */
  #usedBytes(page: number): number | null {
    if (page > this.#count || this.#free.leaves.has(page)) return 0
    return this.#free.trunks.get(page) ?? null
  }

  #clearFrom(page: number, bytes: Uint8Array, start: number): void {
    if (isZero(bytes.subarray(start))) return
    bytes.fill(0, start)
    this.#file.write(page, bytes)
  }

  /** Clears what follows the content in the last page of a chain. */
  #clearChain({ firstPage, bytes }: Overflow): void {
    const inPage = this.#file.form.usable - 4
    let left = bytes
    for (let page = firstPage; ; ) {
      if (page < 2 || page > this.#count || this.#usedBytes(page) !== null) {
        throw new MalformedPage('a chain leads to a page that is not in use')
      }
      const content = this.#file.read(page, 1)
      const next = new DataView(content.buffer).getUint32(0)
      if ((next === 0) !== left <= inPage) throw new MalformedPage('a chain is not as long as its content')
      if (next === 0) {
        this.#clearFrom(page, content, 4 + left)
        return
      }
      left -= inPage
      page = next
    }
  }
}
