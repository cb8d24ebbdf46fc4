/** Rows of team memory: an entry read, written, merged. */
import { createRandom, entryValue } from '../corpus.ts'
import { floorEntries, openFloor } from '../floor.ts'
import { openOurs } from '../ours.ts'
import type { ComparedRow, Setup } from '../row.ts'

const keys = 500
const space = 1
const keyOf = (entry: number) => `lead/${entry}`

type FloorEntries = ReturnType<typeof floorEntries>
type OurTeam = ReturnType<Awaited<ReturnType<typeof openOurs>>['team']>

/** A floor row over 500 keys in random order; `operate` gets the number of the operation and a key. */
const onFloor =
  (operate: (entries: FloorEntries, key: string, count: number) => void): Setup =>
  (place) => {
    const floor = openFloor(place.file)
    const entries = floorEntries(floor)
    for (let entry = 0; entry < keys; entry++) entries.write(space, keyOf(entry), JSON.stringify(entryValue(entry)))
    const random = createRandom(3)
    let count = 0
    return { run: () => operate(entries, keyOf(Math.floor(random() * keys)), count++), close: floor.close }
  }

const onOurs =
  (operate: (team: OurTeam, key: string, count: number) => Promise<unknown>): Setup =>
  async (place) => {
    const memory = await openOurs(place.file)
    const team = memory.team('acme')
    for (let entry = 0; entry < keys; entry++) await team.write(keyOf(entry), entryValue(entry))
    const random = createRandom(3)
    let count = 0
    const run = async () => {
      await operate(team, keyOf(Math.floor(random() * keys)), count++)
    }
    return { run, close: () => memory.close() }
  }

const values = Array.from({ length: 256 }, (_, index) => entryValue(index))
const valueAt = (count: number) => values[count % values.length] ?? {}
const texts = values.map((value) => JSON.stringify(value))

export const entryRows: readonly ComparedRow[] = [
  {
    kind: 'compared',
    name: 'entry read',
    unit: 'reads',
    target: { ratio: 0.5 },
    unitsPerRun: 1,
    runs: 5_000,
    floor: onFloor((entries, key) => void entries.read(space, key)),
    ours: onOurs((team, key) => team.read(key)),
  },
  {
    kind: 'compared',
    name: 'entry write, 200 bytes',
    unit: 'writes',
    target: { ratio: 0.45 },
    unitsPerRun: 1,
    runs: 3_000,
    floor: onFloor((entries, key, count) => entries.write(space, key, texts[count % texts.length] ?? '{}')),
    ours: onOurs((team, key, count) => team.write(key, valueAt(count))),
  },
  {
    kind: 'compared',
    name: 'entry merge, 200 bytes',
    unit: 'merges',
    target: { ratio: 0.4 },
    unitsPerRun: 1,
    runs: 3_000,
    floor: onFloor((entries, key, count) => void entries.merge(space, key, { step: count, status: 'won' })),
    ours: onOurs((team, key, count) => team.merge(key, { step: count, status: 'won' })),
  },
]
