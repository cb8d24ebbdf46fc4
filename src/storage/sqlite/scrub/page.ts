/**
 * Which bytes of a b-tree page of a SQLite file nothing uses. Pure: it reads and changes one page in memory.
 *
 * The format is the one of https://www.sqlite.org/fileformat2.html, section 1.6. Deleting and moving cells leaves copies of
 * them in the gap between the cell pointers and the cells, in free blocks, and in fragments of up to three bytes.
 */

/** A cell whose content goes on in a chain of overflow pages. */
export interface Overflow {
  readonly firstPage: number
  /** Bytes of content in the chain. */
  readonly bytes: number
}

/** First bytes of b-tree pages. */
const pageKinds = { interiorIndex: 2, interiorTable: 5, leafIndex: 10, leafTable: 13 } as const
const kinds: readonly number[] = Object.values(pageKinds)

const cellMinimum = 4
const freeBlockHeader = 4

/** Something in a page is not as the format says, so none of its bytes may be changed. */
export class MalformedPage extends Error {
  constructor(rule: string) {
    super(`A page of the file is not as SQLite writes it: ${rule}.`)
  }
}

/** Whether a page may be a page of a b-tree, by its first byte. */
export function isBtreePage(page: Uint8Array): boolean {
  return kinds.includes(page[0] ?? 0)
}

/** Reads a page from front to back. */
class PageReader {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  u16(at: number): number {
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number)
  }

  u32(at: number): number {
    return this.u16(at) * 65_536 + this.u16(at + 2)
  }

  /** A number of 1 to 9 bytes. Only rowids are larger than 2^53, and nobody asks for those. */
  varint(): number {
    let value = 0
    for (let i = 0; i < 8; i++) {
      const byte = this.bytes[this.at++] as number
      value = value * 128 + (byte & 127)
      if (byte < 128) return value
    }
    return value * 256 + (this.bytes[this.at++] as number)
  }
}

/** How much of a cell's content stands in the page itself; section 1.6, "Cell Payload". */
function localBytes(payload: number, usable: number, isTable: boolean): number {
  const most = isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23
  if (payload <= most) return payload
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const some = least + ((payload - least) % (usable - 4))
  return some <= most ? some : least
}

/** The end of a cell. Adds its chain of overflow pages, if it has one, to `overflows`. */
function cellEnd(reader: PageReader, start: number, usable: number, overflows: Overflow[]): number {
  const kind = reader.bytes[0]
  reader.at = start + (kind === pageKinds.interiorIndex || kind === pageKinds.interiorTable ? 4 : 0)
  if (kind === pageKinds.interiorTable) {
    reader.varint()
    return Math.max(reader.at, start + cellMinimum)
  }
  const payload = reader.varint()
  if (kind === pageKinds.leafTable) reader.varint()
  const local = localBytes(payload, usable, kind === pageKinds.leafTable)
  const end = reader.at + local
  if (local === payload) return Math.max(end, start + cellMinimum)
  overflows.push({ firstPage: reader.u32(end), bytes: payload - local })
  return end + 4
}

/** Marks of the bytes in use, one page long; kept, because a new one for each page costs more than the rest. */
const marks = new Uint8Array(65_536)

function mark(start: number, end: number, from: number, usable: number): void {
  if (start < from || end > usable) throw new MalformedPage('a cell or free block lies outside the cells')
  marks.fill(1, start, end)
}

/** Writes 0 over the bytes from `from` to `to` that are not marked as used; whether one of them was not 0. */
function clearUnmarked(page: Uint8Array, from: number, to: number): boolean {
  let isChanged = false
  for (let i = from; i < to; i++) {
    if (marks[i] === 0 && page[i] !== 0) {
      page[i] = 0
      isChanged = true
    }
  }
  return isChanged
}

/**
 * Writes 0 over every byte of a b-tree page that nothing uses. Not for page 1, which begins with the header of the file.
 *
 * @param page One page.
 * @param usable Bytes of a page that SQLite uses: its size without the reserved end.
 * @returns Whether a byte was changed, and the chains of overflow pages of its cells.
 * @throws MalformedPage if the page is not as the format says; it is unchanged then.
 */
export function clearPage(page: Uint8Array, usable: number): { isChanged: boolean; overflows: Overflow[] } {
  const reader = new PageReader(page)
  const isInterior = page[0] === pageKinds.interiorIndex || page[0] === pageKinds.interiorTable
  const cells = reader.u16(3)
  const pointers = isInterior ? 12 : 8
  const pointersEnd = pointers + cells * 2
  // 0 stands for 65,536: a page of that size without cells.
  const contentStart = reader.u16(5) || 65_536
  if (pointersEnd > contentStart || contentStart > usable) throw new MalformedPage('the cells do not fit')
  marks.fill(0, contentStart, usable)
  const overflows: Overflow[] = []
  for (let i = 0; i < cells; i++) {
    const start = reader.u16(pointers + i * 2)
    mark(start, cellEnd(reader, start, usable, overflows), contentStart, usable)
  }
  for (let block = reader.u16(1), last = 0; block !== 0; block = reader.u16(block)) {
    if (block <= last) throw new MalformedPage('the free blocks are not in order')
    // Its place and size stay, and its body goes.
    mark(block, block + freeBlockHeader, contentStart, usable)
    last = block
  }
  marks.fill(0, pointersEnd, contentStart)
  const isChanged = clearUnmarked(page, pointersEnd, usable)
  return { isChanged, overflows }
}
