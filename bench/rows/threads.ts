/** Rows that read threads: a page of one resource, one by its id. */
import { createRandom, threadMetadata } from '../corpus.ts'
import { floorThreads, openFloor } from '../floor.ts'
import { inParallel, openOurs } from '../ours.ts'
import type { ComparedRow, Setup } from '../row.ts'

const threads = 10_000
const resources = 2
const perPage = 20

const resourceOf = (thread: number) => `owner-${thread % resources}`
const idOf = (thread: number) => `case-${thread}`

const openFloorThreads = (file: string) => {
  const floor = openFloor(file)
  const statements = floorThreads(floor)
  floor.begin()
  for (let thread = 0; thread < threads; thread++) {
    statements.put(idOf(thread), resourceOf(thread), thread, JSON.stringify(threadMetadata(thread)))
  }
  floor.commit()
  return { ...statements, close: floor.close }
}

const openOurThreads = async (file: string) => {
  const memory = await openOurs(file)
  await inParallel(threads, 64, (thread) =>
    memory.createThread({
      threadId: idOf(thread),
      resourceId: resourceOf(thread),
      metadata: { ...threadMetadata(thread) },
    }),
  )
  return memory
}

function assertPage(page: readonly unknown[]): void {
  if (page.length !== perPage) throw new Error(`read ${page.length} threads instead of ${perPage}`)
}

const floorPage: Setup = (place) => {
  const { page, close } = openFloorThreads(place.file)
  let read = 0
  return { run: () => assertPage(page(resourceOf(read++), Number.MAX_SAFE_INTEGER, perPage)), close }
}

const ourPage: Setup = async (place) => {
  const memory = await openOurThreads(place.file)
  let read = 0
  return {
    run: async () => assertPage((await memory.listThreads({ resourceId: resourceOf(read++), perPage })).threads),
    close: () => memory.close(),
  }
}

const floorById: Setup = (place) => {
  const { byId, close } = openFloorThreads(place.file)
  const random = createRandom(5)
  return {
    run: () => {
      if (byId(idOf(Math.floor(random() * threads))) === null) throw new Error('a thread was not found')
    },
    close,
  }
}

const ourById: Setup = async (place) => {
  const memory = await openOurThreads(place.file)
  const random = createRandom(5)
  const run = async () => {
    const thread = Math.floor(random() * threads)
    const found = await memory.getThreadById({ threadId: idOf(thread), resourceId: resourceOf(thread) })
    if (found === null) throw new Error('a thread was not found')
  }
  return { run, close: () => memory.close() }
}

export const threadRows: readonly ComparedRow[] = [
  {
    kind: 'compared',
    name: 'page of 20 threads, resource of 5,000, 10,000 in all',
    unit: 'pages',
    target: { ratio: 0.6 },
    unitsPerRun: 1,
    runs: 1_000,
    floor: floorPage,
    ours: ourPage,
  },
  {
    kind: 'compared',
    name: 'thread by id',
    unit: 'reads',
    target: {},
    unitsPerRun: 1,
    runs: 4_000,
    floor: floorById,
    ours: ourById,
  },
]
