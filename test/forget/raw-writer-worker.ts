// Writes rows next to those of others, in the same pages, and those pages again and again, until it is told to end by SIGTERM.
import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { RawRows, touchAll } from './raw-rows.ts'

const { path } = JSON.parse(process.argv[2] ?? '')
const database = new DatabaseSync(path, { timeout: 60_000 })
const rows = [new RawRows(database, 'plain'), new RawRows(database, 'bare')]
let isOver = false
process.once('SIGTERM', () => {
  isOver = true
})
let count = 0
while (!isOver) {
  for (const some of rows) some.change(5, ['insert', 'insert', 'update', 'move', 'delete'])
  touchAll(database)
  if (count++ === 5) writeSync(1, `${JSON.stringify({ count })}\n`)
  await delay(1)
}
writeSync(1, `${JSON.stringify({ count })}\n`)
