/** A SQLite file as bytes: its pages, which of them are free, and which the log holds in a newer version. */
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { MalformedPage } from './page.ts'

const headerBytes = 100
/** At this place SQLite puts its locks, so no page that holds it is ever used. */
const lockByte = 1_073_741_824
/**
 * In files with fewer pages no page number begins with the first byte of a b-tree page (2, 5, 10 or 13). So a page of a chain,
 * which begins with the number of the next one, is never taken for a page of a b-tree. With pages of 4 KiB that is 137 GB.
 */
const pagesLimit = 2 ** 25

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)
}

/** The form of a file, which stays the same as long as nobody runs `VACUUM`. */
interface FileForm {
  readonly pageBytes: number
  /** Bytes of a page that SQLite uses. */
  readonly usable: number
}

/** Trunks of the list of free pages, with how many of their bytes are in use, and its leaves. */
export interface FreePages {
  readonly trunks: ReadonlyMap<number, number>
  readonly leaves: ReadonlySet<number>
}

/**
 * The file of a database. On POSIX systems, closing any descriptor of a file drops all locks that the process has on it. So this
 * is only for a process that ends without closing anything.
 */
export class RawFile {
  readonly form: FileForm
  readonly #descriptor: number

  /** @throws MalformedPage if the file is of a form that SQLite has and this code does not read. */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'r+')
    const header = this.#header()
    const view = new DataView(header.buffer)
    const pageBytes = view.getUint16(16) === 1 ? 65_536 : view.getUint16(16)
    if (view.getUint32(52) !== 0) throw new MalformedPage('auto_vacuum is on, which aquifer never turns on')
    this.form = { pageBytes, usable: pageBytes - (header[20] as number) }
  }

  #header(): Uint8Array {
    const header = new Uint8Array(headerBytes)
    readSync(this.#descriptor, header, 0, headerBytes, 0)
    return header
  }

  /** How many pages the database has; those behind them are left from before it was cut. */
  pageCount(): number {
    const count = u32(this.#header(), 28)
    if (count >= pagesLimit) throw new MalformedPage('it has more pages than can be told apart')
    return count
  }

  /** Pages of the file itself, in use or not. */
  pagesInFile(): number {
    return Math.ceil(fstatSync(this.#descriptor).size / this.form.pageBytes)
  }

  isLockPage(page: number): boolean {
    return page === Math.floor(lockByte / this.form.pageBytes) + 1
  }

  /** Reads so many pages, from page `first` on; fewer if the file ends. */
  read(first: number, count: number): Uint8Array {
    const { pageBytes } = this.form
    const bytes = new Uint8Array(count * pageBytes)
    const read = readSync(this.#descriptor, bytes, 0, bytes.length, (first - 1) * pageBytes)
    return bytes.subarray(0, read)
  }

  write(page: number, bytes: Uint8Array): void {
    let done = 0
    while (done < bytes.length) {
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, (page - 1) * this.form.pageBytes + done)
    }
  }

  sync(): void {
    fsyncSync(this.#descriptor)
  }

  /** The free pages, as the file lists them. */
  freePages(): FreePages {
    const header = this.#header()
    const trunks = new Map<number, number>()
    const leaves = new Set<number>()
    const count = u32(header, 36)
    for (let trunk = u32(header, 32); trunk !== 0; ) {
      const page = this.read(trunk, 1)
      const listed = u32(page, 4)
      if (trunks.has(trunk) || 8 + listed * 4 > this.form.usable)
        throw new MalformedPage('its free pages are not a list')
      trunks.set(trunk, 8 + listed * 4)
      for (let i = 0; i < listed; i++) leaves.add(u32(page, 8 + i * 4))
      trunk = u32(page, 0)
    }
    if (trunks.size + leaves.size !== count) throw new MalformedPage('its free pages are not as many as it says')
    return { trunks, leaves }
  }
}

const logHeaderBytes = 32
const frameHeaderBytes = 24

/**
 * Adds the pages that the log holds to `pages`: at least those that were written since the log was last empty, and perhaps some
 * that were never committed.
 */
export function addPagesInLog(path: string, { pageBytes }: FileForm, pages: Set<number>): void {
  if (!existsSync(path)) return
  const descriptor = openSync(path, 'r')
  try {
    const header = new Uint8Array(logHeaderBytes)
    if (readSync(descriptor, header, 0, logHeaderBytes, 0) < logHeaderBytes) return
    const frame = new Uint8Array(frameHeaderBytes)
    for (let at = logHeaderBytes; ; at += frameHeaderBytes + pageBytes) {
      if (readSync(descriptor, frame, 0, frameHeaderBytes, at) < frameHeaderBytes) return
      // Frames of an earlier log have other salts, and lie behind those of this one.
      if (u32(frame, 8) !== u32(header, 16) || u32(frame, 12) !== u32(header, 20)) return
      pages.add(u32(frame, 0))
    }
  } finally {
    closeSync(descriptor)
  }
}
