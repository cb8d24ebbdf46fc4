// Own process: node --conditions=aquifer-source test/storage/write-notes.ts <schema version>
// Writes test/fixtures/notes-<version>.db, and what the public readers answer on it as JSON.
import { writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { Memory } from 'aquifer'
import { noteOptions, readNotes, writeNotes } from './old-notes.ts'

const version = process.argv[2]
if (version === undefined) throw new Error('Pass the schema version that this checkout writes.')
const fixture = (extension: string) =>
  fileURLToPath(new URL(`../fixtures/notes-${version}.${extension}`, import.meta.url))
const clock = { ms: Date.parse('2026-03-01T00:00:00Z'), now: () => clock.ms }
const memory = new Memory({
  storage: `file:${fixture('db')}`,
  embedder: false,
  background: false,
  clock,
  options: { observationalMemory: noteOptions },
})
await writeNotes(memory, clock)
const answers = { now: clock.ms, ...(await readNotes(memory)) }
await memory.close()
await writeFile(fixture('json'), `${JSON.stringify(answers, null, 1)}\n`)
const database = new DatabaseSync(fixture('db'))
database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM')
database.close()
