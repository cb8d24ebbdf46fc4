// Own process: node --conditions=aquifer-source test/storage/write-facts.ts <schema version>
// Writes test/fixtures/facts-<version>.db, and what the public readers answer on it as JSON.
import { writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { Memory } from 'aquifer'
import { readFacts, writeFacts } from './old-facts.ts'

const version = process.argv[2]
if (version === undefined) throw new Error('Pass the schema version that this checkout writes.')
const fixture = (extension: string) =>
  fileURLToPath(new URL(`../fixtures/facts-${version}.${extension}`, import.meta.url))
const clock = { ms: Date.parse('2026-03-01T00:00:00Z'), now: () => clock.ms }
const memory = new Memory({ storage: `file:${fixture('db')}`, embedder: false, background: false, clock })
await writeFacts(memory, clock)
const answers = { now: clock.ms, ...(await readFacts(memory)) }
await memory.close()
await writeFile(fixture('json'), `${JSON.stringify(answers, null, 1)}\n`)
const database = new DatabaseSync(fixture('db'))
database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM')
database.close()
