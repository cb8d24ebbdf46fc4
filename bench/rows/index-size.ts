/** Rows of the index of recall: what it takes on disk, and what it costs to add a vector to it. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openFloor } from '../floor.ts'
import { fillSpace, openRecall, saveTurns, type VectorRecord, vectorRecords, vectorWriter } from '../recall-fill.ts'
import {
  type ComparedRow,
  judge,
  type Line,
  type Row,
  type RunSettings,
  type SelfMeasuredRow,
  type Setup,
} from '../row.ts'

/** Bytes of the pages of a table and its indexes. */
function pagesOf(database: DatabaseSync, table: string): number {
  const sizes = database.prepare(
    'SELECT sum(pgsize) AS bytes FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?)',
  )
  return Number(sizes.get(table)?.bytes)
}

const name = 'index on disk'

const diskRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name,
  async measure({ folder, quick, floorOnly }: RunSettings) {
    if (floorOnly) return []
    const lines: Line[] = []
    for (const [spaces, messages] of [
      [1, quick ? 2_000 : 10_000],
      [quick ? 20 : 100, 100],
    ] as const) {
      const file = join(folder, `index-${spaces}.db`)
      const base = await openRecall(file)
      const count = messages / 2
      for (let space = 0; space < spaces; space++) await fillSpace(base, `${space}`, { first: space * count, count })
      await base.close()
      const database = new DatabaseSync(file, { readOnly: true })
      const size = (table: string, most: number): Line => {
        const ours = pagesOf(database, table) / (spaces * messages)
        const where = `${spaces === 1 ? 'one space' : `${spaces} spaces`} of ${messages.toLocaleString('en')} messages`
        const target = `≤ ${most}`
        const verdict = judge(ours, { atMost: most })
        return {
          row: `${name}, ${table}, ${where}`,
          unit: 'B/message',
          floor: null,
          ours,
          ratio: null,
          target,
          verdict,
        }
      }
      lines.push(size('words', 100), size('vectors', 420))
      database.close()
    }
    return lines
  },
}

const vectorBytes = 400

/** One row of the same bytes in a transaction, with an index by space and place. */
const floorVectors: Setup = (place) => {
  const floor = openFloor(place.file)
  floor.database.exec(`CREATE TABLE vector(k INTEGER PRIMARY KEY, space INTEGER, seq INTEGER, data BLOB);
    CREATE INDEX vector_place ON vector(space, seq)`)
  const insert = floor.database.prepare('INSERT INTO vector(space, seq, data) VALUES (1, ?, ?)')
  const data = new Uint8Array(vectorBytes).fill(7)
  let seq = 0
  const run = () => {
    floor.begin()
    insert.run(seq++, data)
    floor.commit()
  }
  return { run, close: floor.close }
}

/** So many records wait for their vectors, for all slices of a run. */
const waiting = 12_000

const ourVectors: Setup = async (place) => {
  const base = await openRecall(place.file)
  await saveTurns(base.memory, 'asked', { first: 0, count: waiting / 2 })
  const records = await vectorRecords(base.storage, 'asked')
  const putOne = await vectorWriter(base.storage, 'asked')
  let next = 0
  const run = async () => {
    const record = records[next++] as VectorRecord
    if ((await putOne(record)) !== 1) throw new Error('a vector was not stored')
  }
  return { run, close: base.close }
}

const appendRow: ComparedRow = {
  kind: 'compared',
  name: 'append one vector, folding included',
  unit: 'vectors',
  target: { ratio: 0.4 },
  unitsPerRun: 1,
  runs: 1_000,
  floor: floorVectors,
  ours: ourVectors,
}

export const indexRows: readonly Row[] = [diskRow, appendRow]
