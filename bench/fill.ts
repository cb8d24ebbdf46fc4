/** Fills the databases that rows start from, once for each side, and gives every row a copy of its own. */
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { messagesFrom, messagesPerFilledThread, storedJson, threadAt } from './corpus.ts'
import { floorMessages, openFloor } from './floor.ts'
import { inParallel, openOurs } from './ours.ts'
import type { Place } from './row.ts'

/** Fills a new file with so many messages. */
export type Fill = (file: string, messages: number) => void | Promise<void>

/** How many threads a fill of so many messages has. */
export function filledThreads(messages: number): number {
  return Math.floor(messages / messagesPerFilledThread)
}

function fillFloor(file: string, messages: number): void {
  const floor = openFloor(file)
  const { saveGroup } = floorMessages(floor)
  const threads = filledThreads(messages)
  const groupSize = 100
  for (let first = 0; first < threads; first += groupSize) {
    const size = Math.min(groupSize, threads - first)
    saveGroup(
      Array.from({ length: size }, (_, offset) => ({
        thread: first + offset,
        rows: messagesFrom(first + offset, messagesPerFilledThread).map(storedJson),
      })),
    )
  }
  floor.close()
}

async function fillOurs(file: string, messages: number): Promise<void> {
  const memory = await openOurs(file)
  await inParallel(filledThreads(messages), 64, (index) =>
    memory.saveMessages({ ...threadAt(index), messages: [...messagesFrom(index, messagesPerFilledThread)] }),
  )
  await memory.close()
}

/** Copies and waits for the disk, so that writing a large copy back does not disturb what is timed next. */
function copyToDisk(from: string, to: string): void {
  copyFileSync(from, to)
  const descriptor = openSync(to, 'r+')
  fsyncSync(descriptor)
  closeSync(descriptor)
}

/** Gives each row a filled database of its own, for a side by its name. */
export type Places = (side: string, messages: number) => Promise<Place>

/** Makes filled databases in a folder: filled once for each side and size, then copied for each row. */
export function createPlaces(folder: string, otherSides: Readonly<Record<string, Fill>> = {}): Places {
  const fills: Readonly<Record<string, Fill>> = { floor: fillFloor, ours: fillOurs, ...otherSides }
  let copies = 0
  return async (side, messages) => {
    const fill = fills[side]
    if (fill === undefined) throw new Error(`no side is called ${side}`)
    const template = join(folder, `${side}-${messages}.db`)
    if (!existsSync(template)) await fill(template, messages)
    const file = join(folder, `${side}-${messages}-copy-${copies++}.db`)
    for (const suffix of ['', '-wal']) {
      if (existsSync(template + suffix)) copyToDisk(template + suffix, file + suffix)
    }
    return { file, messages }
  }
}
